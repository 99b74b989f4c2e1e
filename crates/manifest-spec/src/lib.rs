//! Spec files: lists of images that are described in YAML, in templates, or by `docker buildx bake --print`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`mod@load`] | files, folders and texts as lists, over all of a run |
//! | [`bake`] | the targets of `docker buildx bake --print` as lists |
//! | [`template_args`] | a template on the command line as a list |
//! | [`schema`] | the format as a JSON Schema |
//! | `decode` | a document as lists: keys, variables, defaults, references, platforms |
//! | `template` | placeholders in names of images |
//! | `targets` | the names that a run publishes |
//! | `names` | names of lists and images |
//! | `keys` | the keys of the format |
//! | `source` | files and folders, read within bounds |
//! | `yaml` | YAML as a tree whose values know their places |
//! | [`variables`] | values of variables, and their use in texts |
//! | `report` | the errors and warnings of a run, collected |
//! | [`error`] | errors and warnings, each with its place and the advice for it |
//! | [`model`] | a described list, with all variables and templates filled in |
//! | [`position`] | a place in a file |
//! | [`limits`] | bounds on input |
//!
//! Deliberately absent: the network, the environment, the terminal. Variables are passed in.

pub mod bake;
mod decode;
pub mod error;
#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod keys;
pub mod limits;
pub mod load;
pub mod model;
mod names;
pub mod position;
mod report;
pub mod schema;
mod source;
mod targets;
mod template;
pub mod template_args;
pub mod variables;
mod yaml;

pub use bake::{BakeLists, from_bake};
pub use error::{SpecError, SpecErrors, SpecWarning};
pub use load::{Loaded, SpecInput, load, load_for_manifest_tool};
pub use model::{ImageSpec, ListSpec, PlatformSpec};
pub use position::{Mark, Position};
pub use schema::json_schema;
pub use template::fill_template;
pub use template_args::{TemplateArgs, from_template};
pub use variables::{VariableName, VariableNameError, Variables};
