//! The programs that are fetched, as Debian packs them.

/// A program to fetch, and another way to get it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) what: &'static str,
    pub(super) otherwise: &'static str,
}

pub(super) const REGISTRY: Wanted = Wanted {
    what: "a registry",
    otherwise: "install one (`apt-get install docker-registry`) or name one (`REGISTRY_BIN=/path/to/registry`)",
};

/// A tool as Debian packs it.
#[derive(Debug)]
pub(super) struct Packed {
    /// The name of the package.
    pub(super) name: &'static str,
    /// The path of the program in the package.
    pub(super) program: &'static str,
    /// The packages of libraries that may not be installed.
    pub(super) libraries: &'static [&'static str],
    pub(super) wanted: Wanted,
}

pub(super) const SKOPEO: Packed = Packed {
    name: "skopeo",
    program: "usr/bin/skopeo",
    libraries: &["libassuan0", "libdevmapper1.02.1", "libgpgme11"],
    wanted: Wanted {
        what: "skopeo",
        otherwise: "install it (`apt-get install skopeo`)",
    },
};

pub(super) const BUILDAH: Packed = Packed {
    name: "buildah",
    program: "usr/bin/buildah",
    libraries: &[
        "libassuan0",
        "libdevmapper1.02.1",
        "libgpgme11",
        "libseccomp2",
    ],
    wanted: Wanted {
        what: "buildah",
        otherwise: "install it (`apt-get install buildah`)",
    },
};

pub(super) const NGINX: Packed = Packed {
    name: "nginx",
    program: "usr/sbin/nginx",
    // Its other libraries (OpenSSL, PCRE2 and zlib) are needed by apt and dpkg as well, or present on nearly every system.
    libraries: &["libpcre2-8-0"],
    wanted: Wanted {
        what: "nginx",
        otherwise: "install it (`apt-get install nginx`)",
    },
};

pub(super) const BASH: Packed = Packed {
    name: "bash",
    program: "bin/bash",
    libraries: &["libtinfo6"],
    wanted: Wanted {
        what: "bash",
        otherwise: "install it (`apt-get install bash`)",
    },
};

pub(super) const ZSH: Packed = Packed {
    name: "zsh",
    program: "bin/zsh",
    // The functions of its completion system are in a package of their own.
    libraries: &["zsh-common", "libcap2", "libtinfo6"],
    wanted: Wanted {
        what: "zsh",
        otherwise: "install it (`apt-get install zsh`)",
    },
};

pub(super) const FISH: Packed = Packed {
    name: "fish",
    program: "usr/bin/fish",
    libraries: &["fish-common", "libpcre2-32-0", "libtinfo6"],
    wanted: Wanted {
        what: "fish",
        otherwise: "install it (`apt-get install fish`)",
    },
};

pub(super) const WRK: Packed = Packed {
    name: "wrk",
    program: "usr/bin/wrk",
    libraries: &["libluajit-5.1-2", "libluajit-5.1-common", "libssl3"],
    wanted: Wanted {
        what: "wrk",
        otherwise: "install it (`apt-get install wrk`)",
    },
};

/// Apache's `ab`, which sends HEAD.
pub(super) const AB: Packed = Packed {
    name: "apache2-utils",
    program: "usr/bin/ab",
    libraries: &["libapr1", "libaprutil1", "libexpat1", "libssl3"],
    wanted: Wanted {
        what: "ab",
        otherwise: "install it (`apt-get install apache2-utils`)",
    },
};
