//! Referrers in a layout.

use std::fs;

use manifest_core::Digest;
use manifest_layout::{Layout, Relation};
use manifest_testkit::image::{BuiltImage, Image, Index};
use manifest_testkit::layout::{LayoutFiles, blob};
use tempfile::TempDir;

use super::{built, fails, location, root};

#[test]
fn referrers_are_found() {
    let (image, index) = built();
    let subject: Digest = image.digest.parse().unwrap();
    let artifact = |seed: &str, subject: &BuiltImage| {
        let artifact = Image::oci().artifact_type("example/x");
        artifact.layer(seed.as_bytes()).subject(subject).build()
    };
    let sbom = artifact("sbom", &image);
    let of_sbom = artifact("signature of sbom", &sbom);
    let stranger = artifact("stranger", &Image::oci().seed("other").build());
    let in_list = artifact("in a list under the tag", &image);
    let tag = image.digest.replace(':', "-");
    let cosign = Image::oci().layer(b"cosign").build();
    let of_cosign = artifact("of cosign's", &cosign);
    let under_tag = Index::oci().image_with(&in_list, None, &[]).build();
    let cosign_tag = format!("q.io/app:{tag}.sig");
    // An index that refers to the image, with an image in it.
    let inside = Image::oci().layer(b"inside").build();
    let referring = Index::oci().image(&inside).subject(&image).build();
    let files = || {
        LayoutFiles::new()
            .image(Some("1"), &index)
            .image(None, &of_sbom)
            .image(None, &sbom)
            .image(Some(&tag), &under_tag)
            .image(Some(&cosign_tag), &cosign)
            .image(None, &of_cosign)
            .image(None, &referring)
    };
    let home = TempDir::new().unwrap();
    files().write_folder(&home.path().join("out"));
    let archive = home.path().join("out.tar");
    fs::write(&archive, files().image(Some("other"), &stranger).tar()).unwrap();
    let folder = format!("oci-layout://{}/out", home.path().display());
    let archive = format!("oci-archive:{}", archive.display());
    // A location without a name does not mean a referrer.
    assert_eq!(root(&folder).unwrap().digest().as_str(), index.digest);
    fails(&archive, "has several images: \"1\", \"other\"");
    for text in [&folder, &archive] {
        let layout = Layout::open(&location(text)).unwrap();
        let found = layout.referrers([subject.clone()]).unwrap();
        let found: Vec<(&str, &Relation)> = found
            .iter()
            .map(|found| (found.manifest.digest().as_str(), &found.relation))
            .collect();
        let cosigned = Relation::Tag(format!("{tag}.sig"));
        for expected in [
            (sbom.digest.as_str(), &Relation::Subject),
            (of_sbom.digest.as_str(), &Relation::Subject),
            (in_list.digest.as_str(), &Relation::Subject),
            (of_cosign.digest.as_str(), &Relation::Subject),
            (referring.digest.as_str(), &Relation::Subject),
            (inside.digest.as_str(), &Relation::Inside),
            (cosign.digest.as_str(), &cosigned),
        ] {
            assert!(found.contains(&expected), "{expected:?}: {found:?}");
        }
        assert_eq!(found.len(), 7, "{found:?}");
        let place = |digest: &str| found.iter().position(|(other, _)| *other == digest);
        assert!(place(&inside.digest) < place(&referring.digest));
        assert!(layout.referrers([]).unwrap().is_empty());
    }
    // A missing child cannot be a referrer; a damaged one may be.
    let out = home.path().join("out");
    fs::remove_file(out.join(blob(&image.digest))).unwrap();
    let layout = Layout::open(&location(&folder)).unwrap();
    assert_eq!(layout.referrers([subject.clone()]).unwrap().len(), 7);
    fs::write(
        out.join(blob(&sbom.digest)),
        vec![b' '; sbom.manifest.len()],
    )
    .unwrap();
    let error = layout.referrers([subject]).unwrap_err();
    assert!(error.to_string().contains(&sbom.digest), "{error}");
}
