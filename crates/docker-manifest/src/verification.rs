//! Verification of a published list: the registry's answers are collected once, and each check is a function of them.
//!
//! | module | holds |
//! | --- | --- |
//! | `collect` | the requests: the list, its children, then configurations and blobs |
//! | `facts` | the registry's answers |
//! | `checks` | one file for each check |
//! | `finding` | the result of a check |
//! | `report` | all results, as a table and as JSON |
//! | `limits` | bounds on what is read and shown |

mod checks;
mod collect;
mod facts;
mod finding;
mod limits;
mod report;

pub(crate) use collect::{Depth, collect};
pub(crate) use report::Report;
