//! Verification of a list in a registry or on disk: the answers about it are collected once, and each check is a function of them.
//!
//! | module | holds |
//! | --- | --- |
//! | `place` | the registry or the layout that is asked |
//! | `collect` | the requests: the list, its children, then configurations and blobs |
//! | `facts` | the answers |
//! | `checks` | one file for each check |
//! | `finding` | the result of a check |
//! | `report` | all results, as a table and as JSON |
//! | `limits` | bounds on what is read and shown |

mod checks;
mod collect;
mod facts;
mod finding;
mod limits;
mod place;
mod report;

pub(crate) use collect::{Depth, collect};
pub(crate) use place::Place;
pub(crate) use report::Report;
