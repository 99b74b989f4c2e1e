//! `certs.d`: a folder for each host, as for Docker's daemon and the containers tools. `*.crt` are CA certificates, `*.cert` with a
//! `*.key` of the same name are client certificates.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use manifest_registry::{CertificateProblem, HostCertificates, Identity, Pem};

/// The folders for all users.
const SYSTEM: [&str; 2] = ["/etc/containers/certs.d", "/etc/docker/certs.d"];

/// Returns the folders, the user's own first. `docker` is the folder of `config.json`, `containers` that of the user's settings for
/// the containers tools.
#[must_use]
pub fn folders(docker: &Path, home: Option<&Path>, containers: Option<&Path>) -> Vec<PathBuf> {
    let mut folders = vec![docker.join("certs.d")];
    folders.extend(home.map(|home| home.join(".docker/certs.d")));
    folders.extend(containers.map(|folder| folder.join("certs.d")));
    folders.extend(SYSTEM.map(PathBuf::from));
    let mut unique = Vec::new();
    for folder in folders {
        if !unique.contains(&folder) {
            unique.push(folder);
        }
    }
    unique
}

/// Reads all folders. The certificates for one host are joined. A folder that exists and cannot be read is reported to `debug` and
/// skipped; a file that cannot be read is recorded as that host's problem.
#[must_use]
pub fn read(folders: &[PathBuf], debug: &dyn Fn(&str)) -> BTreeMap<String, HostCertificates> {
    let mut hosts: BTreeMap<String, HostCertificates> = BTreeMap::new();
    for folder in folders {
        let shown = folder.display();
        let entries = match list(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                debug(&format!("certificates: {shown} is ignored: {error}"));
                continue;
            }
        };
        let names: Vec<&str> = entries.iter().filter_map(|path| name(path)).collect();
        debug(&format!("certificates: {shown} is for {names:?}"));
        for own in &entries {
            let Some(host) = name(own) else { continue };
            match list(own) {
                Ok(files) => add(hosts.entry(host.to_owned()).or_default(), own, &files),
                Err(error) => {
                    let own = own.display();
                    debug(&format!("certificates: {own} is ignored: {error}"));
                }
            }
        }
    }
    hosts
}

/// Lists a folder, in the order of names.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn add(host: &mut HostCertificates, folder: &Path, files: &[PathBuf]) {
    host.folders.push(folder.display().to_string());
    for file in files {
        let result = match file.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => pem(file).map(|root| host.roots.push(root)),
            Some("cert") => identity(file).map(|identity| host.identities.push(identity)),
            Some("key") if !file.with_extension("cert").exists() => Err(problem(
                file,
                "its certificate (*.cert) is missing beside it",
            )),
            _ => Ok(()),
        };
        if let Err(problem) = result {
            host.problem.get_or_insert(problem);
        }
    }
}

fn identity(certificate: &Path) -> Result<Identity, CertificateProblem> {
    let key = certificate.with_extension("key");
    if !key.exists() {
        return Err(problem(
            certificate,
            "its key (*.key) is missing beside it; a CA certificate must be named *.crt",
        ));
    }
    Ok(Identity {
        certificate: pem(certificate)?,
        key: pem(&key)?,
    })
}

fn pem(path: &Path) -> Result<Pem, CertificateProblem> {
    match fs::read(path) {
        Ok(bytes) => Ok(Pem {
            name: path.display().to_string(),
            bytes,
        }),
        Err(error) => Err(problem(path, &format!("it cannot be read: {error}"))),
    }
}

fn problem(path: &Path, reason: &str) -> CertificateProblem {
    CertificateProblem {
        name: path.display().to_string(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn only_existing_folders_are_reported() {
        let lines = RefCell::new(Vec::new());
        let debug = |line: &str| lines.borrow_mut().push(line.to_owned());
        let place = tempfile::tempdir().unwrap();
        let (empty, file) = (place.path().join("empty"), place.path().join("file"));
        fs::create_dir(&empty).unwrap();
        fs::write(&file, "").unwrap();
        assert!(read(&[place.path().join("none"), empty, file], &debug).is_empty());
        let lines = lines.into_inner();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].ends_with("empty is for []"), "{lines:?}");
        assert!(lines[1].contains("file is ignored: "), "{lines:?}");
    }
}
