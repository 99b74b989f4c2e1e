//! The values of flags that are more than text: their types, and how each is parsed.

mod age_limit;
mod annotation;
mod choices;
mod comma_list;
mod glob;
mod platforms;
mod retry;
mod switch;
mod variable;

pub use age_limit::AgeLimit;
pub use annotation::{AnnotationFlag, AnnotationTarget};
pub use choices::{
    Attestations, Format, MatrixFormat, OnDuplicate, OnMoved, OrderChoice, ReportFormat, ToolName,
    TypeChoice,
};
pub use comma_list::CommaList;
pub use glob::Glob;
pub use platforms::{AnyPlatformList, PlatformList};
pub use retry::{RetryCount, TimeLimit};
pub use switch::{Switch, SwitchParser};
pub use variable::VariableFlag;
