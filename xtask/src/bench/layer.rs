//! One large layer from one registry to another: time, and memory that must not grow with the layer.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use manifest_core::digest::{Algorithm, Hasher};
use manifest_testkit::fetch::Tool;
use manifest_testkit::{Client, RealRegistry, TestCa, seed, sha256};
use tempfile::TempDir;

use super::measured::{Measured, measure};
use super::program::in_environment;

const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"}}"#;
const MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// How much of a file is hashed at once, in bytes.
const PIECE: usize = 1024 * 1024;

/// Which program copies the layer.
pub(super) enum Copier {
    /// Ours: `create` and `push`.
    Ours(Tool),
    /// `skopeo copy`, of the image alone.
    Skopeo(Tool),
}

/// Copies a layer of so many bytes between two real registries with TLS, on disk.
pub(super) fn copy(copier: &Copier, bytes: u64) -> Result<Measured, String> {
    let ca = TestCa::new();
    let registry = || {
        let builder = RealRegistry::builder().on_disk().tls(&ca);
        builder
            .try_start()
            .map_err(|error| format!("no real registry to measure on: {error}"))
    };
    let (source, target) = (registry()?, registry()?);
    seed_layer(&source, &ca, bytes).map_err(|error| format!("cannot make a layer: {error}"))?;
    let home = TempDir::new().map_err(|error| format!("cannot make a home folder: {error}"))?;
    let authority = home.path().join("ca.pem");
    fs::write(&authority, ca.ca_pem()).map_err(|error| format!("cannot write a file: {error}"))?;
    let image = format!("{}/big:1", source.host());
    let list = format!("{}/list:1", target.host());
    let run = |tool: &Tool, words: &[&str]| {
        let mut command = in_environment(tool, home.path(), &authority);
        command.args(words);
        measure(command)
    };
    match copier {
        Copier::Ours(tool) => {
            let create = run(tool, &["create", &list, &image])?;
            Ok(create.then(run(tool, &["push", &list])?))
        }
        Copier::Skopeo(tool) => {
            let [image, list] = [image, list].map(|name| format!("docker://{name}"));
            run(tool, &["--insecure-policy", "copy", &image, &list])
        }
    }
}

/// Puts an image with one layer of zeros into a registry: the layer as a file, which would not fit into this process.
fn seed_layer(registry: &RealRegistry, ca: &TestCa, bytes: u64) -> std::io::Result<()> {
    let data = registry.folder().join("data/docker/registry/v2");
    let made = registry.folder().join("layer");
    let mut file = fs::File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&made)?;
    file.set_len(bytes)?;
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            break;
        }
        hasher.update(&piece[..length]);
    }
    let digest = hasher.finish();
    let hex = digest.as_str().trim_start_matches("sha256:");
    let place = |path: PathBuf, name: &str| {
        fs::create_dir_all(&path)?;
        Ok::<_, std::io::Error>(path.join(name))
    };
    let blob = data.join("blobs/sha256").join(&hex[..2]).join(hex);
    fs::rename(made, place(blob, "data")?)?;
    let link = data.join("repositories/big/_layers/sha256").join(hex);
    fs::write(place(link, "link")?, digest.as_str())?;
    let client = Client::new(&registry.host()).tls(ca.client_config());
    let config = sha256(CONFIG.as_bytes());
    seed::push_blob(&client, "big", &config, CONFIG.as_bytes())?;
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST_TYPE}","config":{{"mediaType":"application/vnd.docker.container.image.v1+json","size":{},"digest":"{config}"}},"layers":[{{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":{bytes},"digest":"{digest}"}}]}}"#,
        CONFIG.len(),
    );
    let put = client.put("/v2/big/manifests/1", MANIFEST_TYPE, manifest.as_bytes())?;
    if put.status == 201 {
        Ok(())
    } else {
        Err(std::io::Error::other(put.text()))
    }
}
