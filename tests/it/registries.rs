//! Registries as in production: TLS, tokens, credentials, refusals, and the requests of each command.
//!
//! | module | holds |
//! | --- | --- |
//! | [`escapes`] | text from registries never controls a terminal |
//! | [`interrupted`] | Ctrl-C in the middle of a push: immediate, and nothing is left half done |
//! | [`check`] | `check`: all results without writes, and the exit codes |
//! | [`check_writes`] | `check --write`: features, and what stays in the registry |
//! | [`certificates`] | authorities and client certificates |
//! | [`known`] | registries with a known token server, by environment variable |
//! | [`cache`] | the cache between runs |
//! | [`mirrors`] | mirrors, by flag and by file |
//! | [`logins`] | TLS, and credentials from all the places where Docker keeps them |
//! | [`refusals`] | registries that refuse, are down, or send wrong content |
//! | [`requests`] | the number and the scopes of each command's requests |
//! | [`round_trips`] | the number of sequential round trips of a push |
//! | [`settings`] | credentials and proxies from environment variables |
//! | [`trace`] | `--debug`, without secrets |
//!
//! In every test with a password, the program's output is checked for it ([`shell`]).

mod cache;
mod certificates;
mod check;
mod check_writes;
mod escapes;
mod interrupted;
mod known;
mod logins;

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
/// User and password as in Docker's `config.json`, in base64.
const AUTH: &str = "cm9ib3Q6cGE1NS1vZi10aGUtcm9ib3Q=";
/// A wrong password, and its form in `config.json`.
const WRONG_PASSWORD: &str = "not-the-pa55word";
const WRONG_AUTH: &str = "cm9ib3Q6bm90LXRoZS1wYTU1d29yZA==";
/// The first characters of each token.
const TOKEN: &str = "eyJ";

/// The number of images in [`images`].
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

/// Pushes the images `app:0`, `app:1` and so on, and the last of them as `other:0` as well.
fn fill(registry: &Watched<'_>) {
    let images = images();
    for (number, image) in images.iter().enumerate() {
        registry.push("app", &number.to_string(), image);
    }
    registry.push("other", "0", &images[IMAGES - 1]);
    registry.log().clear();
}

/// Creates a shell that trusts `ca`, and checks output for secrets.
fn shell<'a>(registry: &'a Watched<'a>, ca: &TestCa) -> Shell<'a> {
    let mut shell = Shell::new(registry);
    let path = shell.home.path().join("ca.pem");
    fs::write(&path, ca.ca_pem()).unwrap();
    shell.home.set("SSL_CERT_FILE", path);
    let secrets = [PASSWORD, AUTH, WRONG_PASSWORD, WRONG_AUTH, TOKEN];
    shell.secrets = secrets.map(str::to_owned).into();
    shell
}

/// Writes a `config.json`. `HOST` in it is replaced by the registry's address.
fn write_config(shell: &Shell<'_>, json: &str) {
    shell
        .home
        .write_config(&json.replace("HOST", &shell.registry.host()));
}

fn auths(auth: &str) -> String {
    format!(r#"{{ "auths": {{ "HOST": {{ "auth": "{auth}" }} }}, "HttpHeaders": {{}} }}"#)
}
