//! `install --as manifest-tool`, and `uninstall`.

use std::fs;
use std::path::Path;

use crate::harness::home::OURS;
use crate::harness::{Home, Ran};

/// Returns a home with a folder that is first on PATH.
fn home() -> (Home, std::path::PathBuf) {
    let mut home = Home::new();
    let folder = home.path().join("bin");
    fs::create_dir(&folder).unwrap();
    let path = [&*folder, Path::new("/usr/bin"), Path::new("/bin")];
    home.set("PATH", std::env::join_paths(path).unwrap());
    (home, folder)
}

fn install(home: &Home, folder: &Path) -> Ran {
    home.ours(&[
        "install",
        "--as",
        "manifest-tool",
        "--in",
        folder.to_str().unwrap(),
    ])
}

#[test]
fn the_link_is_made_used_and_removed() {
    let (home, folder) = home();
    let link = folder.join("manifest-tool");
    install(&home, &folder)
        .succeeds()
        .prints(&format!("installed: {} -> {OURS}\n", link.display()))
        .says("try: manifest-tool --help\n")
        .does_not_say("warning");
    assert!(
        !home.config_folder().join("cli-plugins").exists(),
        "the plugin is another matter"
    );
    install(&home, &folder)
        .succeeds()
        .prints(&format!("already there: {} -> {OURS}\n", link.display()));
    let help = home.run(home.command("manifest-tool").arg("--help"));
    help.succeeds();
    assert!(
        help.stdout.contains("from-spec") || help.stdout.contains("push"),
        "{help}"
    );
    home.ours(&["uninstall"])
        .succeeds()
        .prints(&format!("removed: {}\n", link.display()));
    assert!(link.symlink_metadata().is_err());
}

#[test]
fn a_plugin_is_linked_too_if_it_is_named() {
    let (home, folder) = home();
    let plugin = home.config_folder().join("cli-plugins/docker-fat");
    home.ours(&[
        "install",
        "--name",
        "fat",
        "--as=manifest-tool",
        "--in",
        folder.to_str().unwrap(),
    ])
    .succeeds()
    .says("try: docker fat --help\n");
    assert!(plugin.is_symlink() && folder.join("manifest-tool").is_symlink());
}

#[test]
fn the_tool_itself_is_not_replaced() {
    let (home, folder) = home();
    let other = folder.join("manifest-tool");
    fs::write(&other, "the tool itself").unwrap();
    install(&home, &folder)
        .fails(1)
        .prints("")
        .says("manifest-tool exists, and is not a link to docker-manifest")
        .says("hint: remove it yourself, or name a folder of your own that is before ");
    home.ours(&["uninstall"])
        .succeeds()
        .says("nothing to remove");
    assert_eq!(fs::read_to_string(&other).unwrap(), "the tool itself");
}

#[test]
fn a_folder_that_is_not_on_path_is_named() {
    let (home, _) = home();
    let elsewhere = home.path().join("elsewhere");
    install(&home, &elsewhere).succeeds().says(&format!(
        "warning: `manifest-tool` is not this program yet: put {} first on PATH\n",
        elsewhere.display()
    ));
    home.ours(&["uninstall"])
        .succeeds()
        .says("nothing to remove");
    home.ours(&["uninstall", "--in", elsewhere.to_str().unwrap()])
        .succeeds()
        .prints(&format!(
            "removed: {}\n",
            elsewhere.join("manifest-tool").display()
        ));
}

#[test]
fn wrong_flags() {
    let (home, _) = home();
    home.ours(&["install", "--as", "crane"])
        .fails(125)
        .says("must be manifest-tool");
    home.ours(&["install", "--in", "bin"])
        .fails(125)
        .says("install --in needs --as, such as `--as manifest-tool`");
}
