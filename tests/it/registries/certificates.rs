//! Certificates from all the places where users put them.

use std::fs;
use std::path::Path;

use manifest_testkit::image::Image;
use manifest_testkit::suite::{self, Kind};
use manifest_testkit::{EmbeddedRegistry, TestCa, tls};

use super::fill;
use crate::commands::{Shell, Watched};
use crate::harness::Home;

/// Writes files into a new folder.
fn write(folder: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// Creates, publishes and inspects a list, with `flag` for each command.
fn whole_job(shell: &Shell<'_>, flag: &str) {
    for line in [
        format!("create {flag} @/app:list @/app:0 @/other:0"),
        format!("push {flag} -p @/app:list"),
        format!("inspect {flag} @/app:list"),
        format!("inspect -v {flag} @/app:list"),
    ] {
        // From the second time on it exists already, with a message.
        let ran = shell.run(&line);
        ran.succeeds().does_not_say("warning").does_not_say("hint");
    }
}

#[test]
fn ca_certificates_are_trusted_from_each_place() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let registry = Watched::tls(kind, &ca);
        fill(&registry);
        let (host, pem) = (registry.host(), ca.ca_pem());
        let certs = format!("certs.d/{host}");

        let shell = Shell::new(&registry);
        shell
            .run("inspect @/app:0")
            .fails(6)
            .says(&format!("it is issued by CN={}\n", ca.name()))
            .says(&format!(
                "hint: get the CA certificate (CN={}): pass the file with --ca-file, \
                 or save it as certs.d/REGISTRY/ca.crt",
                ca.name()
            ));
        write(shell.home.path(), &[("corp.pem", &pem)]);
        whole_job(&shell, "--ca-file corp.pem");
        let other = TestCa::new().ca_pem();
        write(shell.home.path(), &[("other.pem", &other)]);
        whole_job(&shell, "--ca-file other.pem --ca-file=corp.pem");
        shell
            .run("inspect --ca-file other.pem @/app:0")
            .fails(6)
            .says("signed by an unknown authority");
        shell
            .run("inspect --ca-file absent.pem @/app:0")
            .fails(1)
            .says("cannot read absent.pem of --ca-file: No such file");
        write(shell.home.path(), &[("text.pem", "nothing")]);
        shell.run("push --ca-file text.pem @/app:0").fails(1);
        shell
            .run("inspect --ca-file text.pem @/app:0")
            .fails(1)
            .says("the certificates for all hosts cannot be used: text.pem: it contains no certificate");

        // From the home folder, from another DOCKER_CONFIG, and from the folders of the containers tools.
        for (docker, place) in [
            (".docker", ".docker"),
            ("elsewhere", "elsewhere"),
            ("elsewhere", ".docker"),
            ("elsewhere", ".config/containers"),
        ] {
            let mut shell = Shell::new(&registry);
            let home = shell.home.path().to_owned();
            shell.home.set("DOCKER_CONFIG", home.join(docker));
            write(&home.join(place).join(&certs), &[("corp.crt", &pem)]);
            whole_job(&shell, "");
            let traced = shell.run("docker -D manifest inspect @/app:0");
            traced.succeeds().says(&format!(
                "debug: certificates for REGISTRY: 1 of authorities, 0 to show, from HOME/{place}/certs.d/REGISTRY\n"
            ));
        }
        let mut shell = Shell::new(&registry);
        let folder = shell.home.path().join("xdg");
        shell.home.set("XDG_CONFIG_HOME", folder.clone());
        write(&folder.join("containers").join(&certs), &[("a.crt", &pem)]);
        whole_job(&shell, "");
        // From the flag, before the command.
        let shell = Shell::new(&registry);
        let folder = shell.home.path().join("flag").join(&certs);
        write(&folder, &[("ca.crt", &pem)]);
        shell
            .run("docker --config flag manifest inspect @/app:0")
            .succeeds()
            .is_quiet();
    }
}

/// Starts a registry that demands a client certificate, with a home that has only its authority.
fn guarded(ca: &TestCa) -> (EmbeddedRegistry, Home, String) {
    let registry = EmbeddedRegistry::builder().tls(ca).client_ca(ca).start();
    registry.seed("app", "1", &Image::oci().build());
    let (home, host) = (Home::new(), registry.host());
    let image = format!("{host}/app:1");
    write(&folder(&home, &host), &[("ca.crt", &ca.ca_pem())]);
    (registry, home, image)
}

fn folder(home: &Home, host: &str) -> std::path::PathBuf {
    home.config_folder().join("certs.d").join(host)
}

#[test]
fn a_client_certificate_is_presented_to_its_host() {
    let ca = TestCa::new();
    let (registry, home, image) = guarded(&ca);
    let host = registry.host();
    let list = format!("{host}/app:list");
    let failed = home.ours(&["inspect", &image]);
    failed
        .fails(6)
        .says("the server requires a client certificate that it accepts")
        .says(&format!("certs.d/{host}/client.cert and client.key"));
    assert!(registry.log().requests().is_empty());

    let tls::Identity { cert_pem, key_pem } = ca.client();
    let files = [("client.cert", &*cert_pem), ("client.key", &*key_pem)];
    write(&folder(&home, &host), &files);
    home.ours(&["create", &list, &image]).succeeds().is_quiet();
    home.ours(&["push", &list]).succeeds().is_quiet();
    home.ours(&["inspect", "--insecure", &list])
        .succeeds()
        .is_quiet();
    home.ours(&["--debug", "inspect", &image])
        .succeeds()
        .says(&format!(
            "certificates for {host}: 1 of authorities, 1 to show"
        ))
        .says("TLSv1.3");
}

#[test]
fn half_a_client_certificate_is_an_error_for_its_host_only() {
    let ca = TestCa::new();
    let (registry, home, image) = guarded(&ca);
    let host = registry.host();
    let own = folder(&home, &host);
    let identity = ca.client();
    for (file, text, reason) in [
        (
            "client.cert",
            &identity.cert_pem,
            "its key (*.key) is missing beside it; a CA certificate must be named *.crt",
        ),
        (
            "client.key",
            &identity.key_pem,
            "its certificate (*.cert) is missing beside it",
        ),
    ] {
        let path = own.join(file);
        write(&own, &[(file, text)]);
        home.ours(&["inspect", &image])
            .fails(1)
            .prints("")
            .says(&format!(
                "the certificates for {host} cannot be used: {}: {reason}\n",
                path.display()
            ));
        fs::remove_file(path).unwrap();
    }
    fs::create_dir(own.join("unreadable.crt")).unwrap();
    home.ours(&["inspect", &image])
        .fails(1)
        .says("unreadable.crt: it cannot be read: ");
    assert_eq!(registry.log().connections(), 0);

    let open = EmbeddedRegistry::start();
    open.seed("app", "1", &Image::oci().build());
    home.ours(&["inspect", &format!("{}/app:1", open.host())])
        .succeeds()
        .is_quiet();
}

#[test]
fn an_unreadable_certificate_folder_is_in_the_trace_only() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry);
    let shell = Shell::new(&registry);
    // A file in place of a folder cannot be read by anyone, not even root.
    write(&shell.home.config_folder(), &[("certs.d", "")]);
    let containers = shell.home.path().join(".config/containers/certs.d");
    write(&containers, &[("some.host", "")]);
    shell.run("inspect @/app:0").succeeds().is_quiet();
    shell
        .run("docker --debug manifest inspect @/app:0")
        .succeeds()
        .says("debug: certificates: HOME/.docker/certs.d is ignored: Not a directory")
        .says("debug: certificates: HOME/.config/containers/certs.d is for [\"some.host\"]\n")
        .says("debug: certificates: HOME/.config/containers/certs.d/some.host is ignored: Not a directory")
        .does_not_say("No such file");
}

#[test]
fn a_draft_records_insecure_hosts() {
    let registries = [(); 2].map(|()| EmbeddedRegistry::builder().tls(&TestCa::new()).start());
    let [source, target] = registries.each_ref().map(EmbeddedRegistry::host);
    registries[0].seed("app", "1", &Image::oci().build());
    let home = Home::new();
    let (list, image) = (format!("{target}/app:list"), format!("{source}/app:1"));
    home.ours(&["create", "--insecure", &list, &image])
        .succeeds()
        .is_quiet();
    home.ours(&["inspect", &list, &image]).succeeds().is_quiet();
    let failed = home.ours(&["push", &list]);
    failed
        .fails(6)
        .says("signed by an unknown authority")
        .says(&format!("certs.d/{target}/ca.crt"))
        .does_not_say(&format!("certs.d/{source}/"));
    home.ours(&["push", "--insecure", "-p", &list]).succeeds();
    assert_eq!(registries[1].tags("app"), ["list"]);
}
