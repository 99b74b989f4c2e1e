//! The values of flags that are more than text: their types, and how each is parsed.

mod annotation;
mod choices;
mod comma_list;
mod platforms;
mod retry;
mod switch;

pub use annotation::{AnnotationFlag, AnnotationTarget};
pub use choices::{
    Attestations, Format, OnDuplicate, OnMoved, OrderChoice, ReportFormat, TypeChoice,
};
pub use comma_list::CommaList;
pub use platforms::{AnyPlatformList, PlatformList};
pub use retry::{RetryCount, TimeLimit};
pub use switch::{Switch, SwitchParser};
