//! The values of flags that are more than text: their types, and how each is parsed.

mod age_limit;
mod annotation;
mod choices;
mod comma_list;
mod count;
mod glob;
mod platforms;
mod switch;
mod time_limit;
mod variable;

pub use age_limit::AgeLimit;
pub use annotation::{AnnotationFlag, AnnotationTarget};
pub use choices::{
    Attestations, Format, MatrixFormat, OnDuplicate, OnMoved, OrderChoice, ReportFormat, ToolName,
    TypeChoice,
};
pub use comma_list::CommaList;
pub use count::Count;
pub use glob::Glob;
pub use platforms::{AnyPlatformList, PlatformList};
pub use switch::{Switch, SwitchParser};
pub use time_limit::TimeLimit;
pub use variable::VariableFlag;
