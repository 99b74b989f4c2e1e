//! Completion: candidates as the program prints them, as Docker's CLI passes them on, and as real shells insert them.
//!
//! | module | holds |
//! | --- | --- |
//! | [`candidates`] | a table of command lines and their candidates |
//! | [`docker`] | Docker's CLI, the shim, and the names of the program |
//! | [`scripts`] | the scripts that `completion` prints |
//! | [`shells`] | bash, zsh and fish, with keys typed in a terminal |

mod candidates;
mod docker;
mod scripts;
mod shells;

use manifest_testkit::image::{Image, Index, buildkit_index};
use manifest_testkit::suite::Kind;

use crate::commands::Watched;
use crate::harness::Home;
use crate::harness::Ran;
use crate::harness::home::OURS;

/// A home with drafts: `app:1` of two images, `app:all` of the images of a list with an attestation, `tools:2` of one image. No request
/// has been logged since.
struct World {
    registry: Watched<'static>,
    home: Home,
}

impl World {
    fn new() -> Self {
        let registry = Watched::empty(Kind::Embedded);
        let images = [("amd64", "linux/amd64"), ("armv7", "linux/arm/v7")];
        for (tag, platform) in images {
            registry.push("app", tag, &Image::docker().platform(platform).build());
        }
        let image = Image::oci().platform("linux/s390x").build();
        registry.push("app", "buildkit", &buildkit_index(&image));
        registry.push("tools", "a", &Index::oci().image(&image).build());
        let world = Self {
            registry,
            home: Home::new(),
        };
        for line in [
            "create @/app:1 @/app:amd64 @/app:armv7",
            "create @/app:all @/app:buildkit",
            "create @/tools:2 @/tools:a",
        ] {
            world.run(line).succeeds();
        }
        world.registry.log().clear();
        world
    }

    /// Puts the registry's address in the place of `@`.
    fn real(&self, text: &str) -> String {
        text.replace("@/", &format!("{}/", self.registry.host()))
    }

    fn run(&self, line: &str) -> Ran {
        let words: Vec<String> = self.real(line).split(' ').map(str::to_owned).collect();
        self.home.run(self.home.command(OURS).args(words))
    }

    /// Returns the lines of the response to a request for completions, with `@/` in the place of the registry's address. A trailing
    /// space stands for an empty word at the cursor.
    fn response(&self, line: &str) -> Vec<String> {
        let ran = self.run(&format!("__complete {line}"));
        ran.succeeds()
            .says("Completion ended with directive: ShellCompDirective");
        let text = ran
            .stdout
            .replace(&format!("{}/", self.registry.host()), "@/");
        text.lines().map(str::to_owned).collect()
    }
}
