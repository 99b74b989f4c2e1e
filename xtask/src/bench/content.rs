//! The images to copy, in a registry. Their layers cannot be compressed.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use manifest_core::digest::{Algorithm, Hasher};
use manifest_testkit::image::{BuiltImage, Image, Index, Pushable as _};
use manifest_testkit::{Client, TestCa, seed, sha256};

use super::remote::Remote;
use super::upload::{Blob, Content};

const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"}}"#;
const MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The size of the pieces in which noise is generated, in bytes.
const PIECE: usize = 1024 * 1024;

/// The layers to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Work {
    /// 100 layers of 20 KB in 10 images
    Small,
    /// 100 layers of 1 MB in 10 images
    Medium,
    /// One layer of 300 MB
    Large,
    /// One layer of 2 GB
    Huge,
}

/// The number of images, the number of layers of each, and the size of each layer in bytes.
#[derive(Clone, Copy, Debug)]
struct Shape {
    images: usize,
    layers: usize,
    bytes: u64,
}

impl Work {
    fn shape(self) -> Shape {
        let (images, layers, bytes) = match self {
            Self::Small => (10, 10, 20_000),
            Self::Medium => (10, 10, 1_000_000),
            Self::Large => (1, 1, 300_000_000),
            Self::Huge => (1, 1, 2_000_000_000),
        };
        Shape {
            images,
            layers,
            bytes,
        }
    }

    /// Returns the number of connections of the baseline.
    pub(super) fn connections(self) -> usize {
        if self.has_many_files() { 16 } else { 1 }
    }

    /// Returns whether a registry stores the layers in many files, not in a large one.
    pub(super) fn has_many_files(self) -> bool {
        self.shape().images > 1
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape {
            images,
            layers,
            bytes,
        } = self.shape();
        let (size, unit) = if bytes < 1_000_000 {
            (bytes / 1000, "KB")
        } else {
            (bytes / 1_000_000, "MB")
        };
        write!(f, "{} × {size} {unit}", images * layers)
    }
}

/// Pushes the images to a registry, as `app:1`, and returns their blobs.
pub(super) fn put(work: Work, remote: &Remote, ca: &TestCa) -> Result<Vec<Blob>, String> {
    let Shape {
        images,
        layers,
        bytes,
    } = work.shape();
    if !work.has_many_files() {
        return put_large(remote, ca, bytes)
            .map_err(|error| format!("cannot make a layer: {error}"));
    }
    let images: Vec<BuiltImage> = (0..images)
        .map(|i| {
            let numbers = (0..layers).map(|layer| (i * layers + layer) as u64);
            let image = Image::oci().seed(&i.to_string());
            numbers
                .fold(image, |image, number| image.layer(&layer(number, bytes)))
                .build()
        })
        .collect();
    let list = images.iter().fold(Index::oci(), Index::image).build();
    seed::push_with(&remote.direct_client(ca), "app", "1", &list);
    let blobs = list.blobs().into_iter().map(|bytes| Blob {
        digest: sha256(&bytes),
        content: Content::Bytes(bytes),
    });
    Ok(blobs.collect())
}

fn layer(number: u64, bytes: u64) -> Vec<u8> {
    let mut layer = Vec::new();
    write_layer(number, bytes, &mut layer).expect("writing to memory does not fail");
    layer
}

/// Writes noise in the gzip format, uncompressed. Skopeo and buildah would compress any other layer.
fn write_layer(number: u64, bytes: u64, to: &mut dyn Write) -> io::Result<()> {
    let mut noise = Noise(number);
    let mut gzip = GzEncoder::new(to, Compression::none());
    let mut left = bytes;
    let mut piece = vec![0; PIECE];
    while left > 0 {
        noise.fill(&mut piece);
        let length = left.min(PIECE as u64);
        gzip.write_all(&piece[..length as usize])?;
        left -= length;
    }
    gzip.finish().map(drop)
}

/// A pseudo-random number generator (SplitMix64).
struct Noise(u64);

impl Noise {
    fn fill(&mut self, bytes: &mut [u8]) {
        for eight in bytes.chunks_exact_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            eight.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes());
        }
    }
}

/// Puts an image with one layer into a registry. The layer goes straight into the registry's storage, so that it need not fit into
/// memory.
fn put_large(remote: &Remote, ca: &TestCa, bytes: u64) -> io::Result<Vec<Blob>> {
    let folder = remote.registry().folder();
    let data = folder.join("data/docker/registry/v2");
    let made = folder.join("layer");
    let mut file = HashingFile {
        file: fs::File::create_new(&made)?,
        hasher: Hasher::new(Algorithm::Sha256),
        bytes: 0,
    };
    write_layer(0, bytes, &mut file)?;
    // Pending writes would slow down the measurement.
    file.file.sync_all()?;
    let (digest, bytes) = (file.hasher.finish(), file.bytes);
    let hex = digest.as_str().trim_start_matches("sha256:");
    let place = |path: PathBuf, name: &str| {
        fs::create_dir_all(&path)?;
        Ok::<_, io::Error>(path.join(name))
    };
    let blob = place(data.join("blobs/sha256").join(&hex[..2]).join(hex), "data")?;
    fs::rename(made, &blob)?;
    let link = data.join("repositories/app/_layers/sha256").join(hex);
    fs::write(place(link, "link")?, digest.as_str())?;
    put_image(&remote.direct_client(ca), digest.as_str(), bytes)?;
    Ok(vec![Blob {
        digest: digest.as_str().to_owned(),
        content: Content::File(blob),
    }])
}

/// Pushes a manifest for a layer that the registry has.
fn put_image(client: &Client, layer: &str, bytes: u64) -> io::Result<()> {
    let config = sha256(CONFIG.as_bytes());
    seed::push_blob(client, "app", &config, CONFIG.as_bytes())?;
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST_TYPE}","config":{{"mediaType":"application/vnd.docker.container.image.v1+json","size":{},"digest":"{config}"}},"layers":[{{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":{bytes},"digest":"{layer}"}}]}}"#,
        CONFIG.len(),
    );
    let put = client.put("/v2/app/manifests/1", MANIFEST_TYPE, manifest.as_bytes())?;
    if put.status == 201 {
        Ok(())
    } else {
        Err(io::Error::other(put.text()))
    }
}

/// A file whose digest is computed during writing.
struct HashingFile {
    file: fs::File,
    hasher: Hasher,
    bytes: u64,
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
