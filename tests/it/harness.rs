//! The harness of the tests. In short:
//!
//! ```ignore
//! let home = Home::new();                                    // HOME, DOCKER_CONFIG and nothing else
//! home.ours(&["rm", "app:1"]).fails(1).says("No such manifest");
//! home.dockers(&["rm", "app:1"]).fails(1);                   // `docker manifest rm app:1`
//!
//! for registry in registries() {                             // real and embedded, both empty
//!     let stage = Stage::on(registry);                       // … and now with the images of [`world`]
//!     let player = stage.player(Program::Ours);              // a home of its own, this registry
//!     let seen = player.play("create @/app:1 @/app:amd64");  // `@/` is the registry
//!     seen.ran.succeeds().prints("Created manifest list REGISTRY/app:1\n");
//! }
//! ```
//!
//! | module | holds |
//! | --- | --- |
//! | [`stage`] | a registry seeded with the world, and programs that play command lines there |
//! | [`old_format`] | draft files of earlier versions of Docker |
//! | [`line`] | the command lines of tests as text, with placeholders |
//! | [`world`] | the images that registries are seeded with |
//! | [`home`] | a temporary home, programs that run in it, its drafts |
//! | [`docker`] | Docker's own CLI, and the message if it is missing |
//! | [`terminal`] | a program in a pseudo-terminal |
//! | [`schema`] | JSON output, checked against the schemas in `docs/schemas` |
//! | [`signals`] | programs that are ended by signals |
//! | [`ran`] | the result of a program: exit code, standard output and error, shown together when a test fails |

pub(crate) mod docker;
pub(crate) mod home;
pub(crate) mod line;
pub(crate) mod old_format;
pub(crate) mod ran;
pub(crate) mod schema;
pub(crate) mod signals;
pub(crate) mod stage;
pub(crate) mod terminal;
pub(crate) mod world;

pub(crate) use home::{DraftFile, Home};
pub(crate) use ran::Ran;
pub(crate) use stage::{Player, Program, Seen, Stage};
