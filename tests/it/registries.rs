//! Registries as they are outside: TLS, tokens, credentials, refusals, and what each command asks of them.
//!
//! | module | holds |
//! | --- | --- |
//! | [`escapes`] | what registries say commands no terminal |
//! | [`interrupted`] | Ctrl-C in the middle of a push: at once, and nothing is left half done |
//! | [`certificates`] | authorities and client certificates |
//! | [`known`] | registries whose token server is known in advance, by variable |
//! | [`memory`] | what one run remembers for the next |
//! | [`mirrors`] | mirrors, by flag and by file |
//! | [`logins`] | TLS, and credentials from all the places where Docker keeps them |
//! | [`refusals`] | registries that refuse, are down, or send what nobody asked for |
//! | [`requests`] | how much each command asks of a registry, and for which rights |
//! | [`round_trips`] | how many answers a push waits for, one after the other |
//! | [`settings`] | credentials and proxies that the environment names |
//! | [`trace`] | `--debug`, and that nothing secret is ever said |
//!
//! In every test that has a password, nothing that the program writes has it in it ([`shell`]).

mod certificates;
mod escapes;
mod interrupted;
mod known;
mod logins;
mod memory;
mod mirrors;
mod refusals;
mod requests;
mod round_trips;
mod settings;
mod trace;

use std::fs;

use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::token::TokenBuilder;
use manifest_testkit::{TestCa, TokenServer};

use crate::commands::watched::SEEDER;
use crate::commands::{Shell, Watched};

const USER: &str = "robot";
const PASSWORD: &str = "pa55-of-the-robot";
/// What Docker's `config.json` has for user and password, in base64.
const AUTH: &str = "cm9ib3Q6cGE1NS1vZi10aGUtcm9ib3Q=";
/// A password that is not the user's, and what `config.json` has for it.
const WRONG_PASSWORD: &str = "not-the-pa55word";
const WRONG_AUTH: &str = "cm9ib3Q6bm90LXRoZS1wYTU1d29yZA==";
/// How each token begins.
const TOKEN: &str = "eyJ";

/// How many images [`images`] makes.
const IMAGES: usize = 5;

fn images() -> Vec<BuiltImage> {
    let platforms = [
        "linux/amd64",
        "linux/arm64/v8",
        "linux/arm/v7",
        "linux/s390x",
        "linux/386",
    ];
    let images = platforms.map(|platform| Image::docker().platform(platform).build());
    assert_eq!(images.len(), IMAGES);
    images.into()
}

fn tokens(ca: &TestCa) -> TokenBuilder {
    TokenServer::builder()
        .tls(ca)
        .user(SEEDER.0, SEEDER.1)
        .user(USER, PASSWORD)
}

/// Puts the images `app:0`, `app:1` and so on in a registry, and the last of them as `other:0`, too.
fn fill(registry: &Watched<'_>) {
    let images = images();
    for (number, image) in images.iter().enumerate() {
        registry.push("app", &number.to_string(), image);
    }
    registry.push("other", "0", &images[IMAGES - 1]);
    registry.log().clear();
}

/// Opens a shell that trusts `ca`, and watches for secrets.
fn shell<'a>(registry: &'a Watched<'a>, ca: &TestCa) -> Shell<'a> {
    let mut shell = Shell::new(registry);
    let path = shell.home.path().join("ca.pem");
    fs::write(&path, ca.ca_pem()).unwrap();
    shell.home.set("SSL_CERT_FILE", path);
    let secrets = [PASSWORD, AUTH, WRONG_PASSWORD, WRONG_AUTH, TOKEN];
    shell.secrets = secrets.map(str::to_owned).into();
    shell
}

/// Writes a `config.json`, in which `HOST` is the registry's address.
fn write_config(shell: &Shell<'_>, json: &str) {
    shell
        .home
        .write_config(&json.replace("HOST", &shell.registry.host()));
}

fn auths(auth: &str) -> String {
    format!(r#"{{ "auths": {{ "HOST": {{ "auth": "{auth}" }} }}, "HttpHeaders": {{}} }}"#)
}
