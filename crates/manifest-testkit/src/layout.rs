//! Images on disk: OCI image layouts, as folders and as archives, and the archives of `docker save`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::digest::sha256;
use crate::image::{BuiltImage, Pushable};

/// The files of an OCI image layout, by name.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct LayoutFiles {
    files: Vec<(String, Vec<u8>)>,
    index: Vec<Value>,
}

impl LayoutFiles {
    /// Starts a layout without images.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image or index, with a name (`org.opencontainers.image.ref.name`) or without.
    pub fn image(mut self, name: Option<&str>, content: &impl Pushable) -> Self {
        for blob in content.blobs() {
            self = self.blob(blob);
        }
        let mut root = Value::Null;
        for (media_type, bytes) in content.manifests() {
            root = json!({
                "mediaType": media_type,
                "digest": sha256(&bytes),
                "size": bytes.len(),
            });
            self = self.blob(bytes);
        }
        if let Some(name) = name {
            root["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
        }
        self.index.push(root);
        self
    }

    /// Adds an annotation to the image that was added last.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        if let Some(last) = self.index.last_mut() {
            last["annotations"][key] = json!(value);
        }
        self
    }

    /// Adds a blob.
    pub fn blob(self, bytes: Vec<u8>) -> Self {
        let name = blob(&sha256(&bytes));
        self.file(&name, bytes)
    }

    /// Adds a file, in place of one with that name.
    pub fn file(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.retain(|(other, _)| other != name);
        self.files.push((name.to_owned(), bytes.into()));
        self
    }

    /// Returns all files. The files that each layout needs are added if they are missing.
    #[must_use]
    pub fn files(mut self) -> Vec<(String, Vec<u8>)> {
        let has =
            |files: &[(String, Vec<u8>)], name: &str| files.iter().any(|(file, _)| file == name);
        if !has(&self.files, "oci-layout") {
            let version = br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec();
            self.files.push(("oci-layout".to_owned(), version));
        }
        if !has(&self.files, "index.json") {
            let index = json!({ "schemaVersion": 2, "manifests": self.index });
            self.files
                .push(("index.json".to_owned(), index.to_string().into_bytes()));
        }
        self.files
    }

    /// Writes a folder.
    ///
    /// # Panics
    /// Panics if it cannot be written.
    pub fn write_folder(self, folder: &Path) {
        for (name, bytes) in self.files() {
            let path = folder.join(name);
            let parent = path.parent().expect("it is in a folder");
            fs::create_dir_all(parent).expect("the folder can be made");
            fs::write(path, bytes).expect("the file can be written");
        }
    }

    /// Returns a tar archive.
    #[must_use]
    pub fn tar(self) -> Vec<u8> {
        tar(&self.files())
    }
}

/// Returns the path of a blob in a layout.
#[must_use]
pub fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

/// Packs files into a tar archive.
///
/// # Panics
/// Never: writing to memory does not fail.
#[must_use]
pub fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, bytes.as_slice())
            .expect("memory takes it");
    }
    builder.into_inner().expect("memory takes it")
}

/// Returns the files of an image as `docker save` wrote them before Docker 25: a `manifest.json`, and no digests except the
/// configuration's.
#[must_use]
pub fn docker_save(image: &BuiltImage, tags: &[&str]) -> Vec<(String, Vec<u8>)> {
    let config = format!("{}.json", image.config_digest.trim_start_matches("sha256:"));
    let mut files = vec![(config.clone(), image.config.clone())];
    let mut layers = Vec::new();
    for (place, layer) in image.layers.iter().enumerate() {
        let name = format!("{place:064}/layer.tar");
        files.push((name.clone(), layer.bytes.clone()));
        layers.push(name);
    }
    let manifest = json!([{ "Config": config, "RepoTags": tags, "Layers": layers }]);
    files.push((
        "manifest.json".to_owned(),
        manifest.to_string().into_bytes(),
    ));
    files
}
