//! The tables that say what may depend on what.

/// The crates whose rooms are being built: what they breach is reported by `--pending`, and not refused.
pub(super) const PENDING: &[&str] = &[
    "docker-manifest",
    "manifest-core",
    "manifest-layout",
    "manifest-registry",
    "manifest-store",
    "manifest-testkit",
];

/// The order of the rooms of one crate.
pub(super) struct Order {
    /// The crate.
    pub(super) name: &'static str,
    /// Its layers, from top to bottom. A room may use the rooms of the layers below its own.
    pub(super) layers: &'static [Layer],
}

/// Rooms at the same height.
pub(super) struct Layer {
    /// The top-level modules of the crate that are in it.
    pub(super) rooms: &'static [&'static str],
    /// Whether its rooms may use each other.
    pub(super) peers: bool,
}

/// A layer whose rooms do not know each other.
const fn layer(rooms: &'static [&'static str]) -> Layer {
    Layer {
        rooms,
        peers: false,
    }
}

/// Which room of a crate may use which. Every crate and each of its top-level modules is named once.
pub(super) const ORDERS: &[Order] = &[
    Order {
        name: "docker-manifest",
        layers: &[],
    },
    Order {
        name: "manifest-core",
        layers: &[],
    },
    Order {
        name: "manifest-layout",
        layers: &[],
    },
    Order {
        name: "manifest-registry",
        layers: &[
            layer(&["publish"]),
            layer(&["client"]),
            layer(&["blob"]),
            layer(&["session"]),
            layer(&["auth"]),
            layer(&["http"]),
            layer(&["error"]),
            layer(&["limits", "observer", "redact", "concurrent"]),
        ],
    },
    Order {
        name: "manifest-store",
        layers: &[],
    },
    Order {
        name: "manifest-testkit",
        layers: &[],
    },
    Order {
        name: "xtask",
        layers: &[
            layer(&["ci"]),
            layer(&["bench", "demo", "deny", "docs", "sizes", "test", "walls"]),
            layer(&["task"]),
        ],
    },
];

/// What one crate may depend on.
pub(super) struct Wall {
    /// The crate.
    pub(super) name: &'static str,
    /// What its manifest may name as dependencies.
    pub(super) direct: &'static [&'static str],
    /// What must not be reached over any number of dependencies.
    pub(super) never: &'static [&'static str],
}

/// Which crate may depend on what.
pub(super) const WALLS: &[Wall] = &[
    Wall {
        name: "manifest-core",
        direct: &["base64", "serde", "serde_json", "sha2", "thiserror"],
        never: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "fs2",
            "tempfile",
            "rustix",
            "manifest-layout",
            "manifest-store",
            "manifest-registry",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "manifest-layout",
        direct: &[
            "fs2",
            "manifest-core",
            "serde",
            "serde_json",
            "tar",
            "tempfile",
            "thiserror",
        ],
        never: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "manifest-store",
            "manifest-registry",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "manifest-store",
        direct: &[
            "fs2",
            "manifest-core",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "thiserror",
        ],
        never: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "manifest-layout",
            "manifest-registry",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "manifest-registry",
        direct: &[
            "base64",
            "bytes",
            "fastrand",
            "futures-util",
            "http",
            "httpdate",
            "hyper-rustls",
            "hyper-util",
            "manifest-core",
            "oci-client",
            "reqwest",
            "ring",
            "rustls",
            "rustls-platform-verifier",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tower-layer",
            "tower-service",
            "url",
            "x509-parser",
        ],
        never: &[
            "clap",
            "directories",
            "fs2",
            "manifest-layout",
            "manifest-store",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "docker-manifest",
        direct: &[
            "clap",
            "directories",
            "indicatif",
            "manifest-core",
            "manifest-layout",
            "manifest-registry",
            "manifest-store",
            "rustix",
            "serde",
            "serde_json",
            "signal-hook",
            "thiserror",
            "tokio",
            "toml",
        ],
        never: &["manifest-testkit"],
    },
    Wall {
        name: "manifest-testkit",
        direct: &[],
        never: &[
            "manifest-layout",
            "manifest-store",
            "manifest-registry",
            "docker-manifest",
            "clap",
            "reqwest",
        ],
    },
];
