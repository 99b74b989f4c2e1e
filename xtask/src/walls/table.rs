//! The tables of the allowed dependencies.

/// The order of the rooms of one crate.
pub(super) struct Order {
    /// The crate.
    pub(super) name: &'static str,
    /// Its layers, from top to bottom. A room may use the rooms of the layers below its own.
    pub(super) layers: &'static [Layer],
}

/// The rooms of one level.
pub(super) struct Layer {
    /// The top-level modules in the layer.
    pub(super) rooms: &'static [&'static str],
    /// Whether its rooms may use each other.
    pub(super) peers: bool,
}

/// A layer whose rooms may not use each other.
const fn layer(rooms: &'static [&'static str]) -> Layer {
    Layer {
        rooms,
        peers: false,
    }
}

/// The order of the rooms of all crates. Each crate and each of its top-level modules is named once.
pub(super) const ORDERS: &[Order] = &[
    Order {
        name: "docker-manifest",
        layers: &[
            layer(&["completion", "man_pages", "reference_docs"]),
            layer(&["cli", "manifest_tool"]),
            layer(&["commands"]),
            layer(&["assembly", "drafts"]),
            layer(&["staging"]),
            layer(&[
                "comparison",
                "compose",
                "publishing",
                "verification",
                "view",
            ]),
            layer(&["context", "preflight", "result_files", "sources", "table"]),
            layer(&["observer", "settings", "shim", "terminal"]),
            layer(&[
                "cache",
                "concurrency",
                "environment",
                "flags",
                "input_files",
                "interrupt",
                "journal",
                "manual",
                "progress",
            ]),
            layer(&["failure", "plugin"]),
            layer(&[
                "age",
                "byte_size",
                "excerpt",
                "exit",
                "go_template",
                "names",
                "output",
                "timestamp",
                "values",
            ]),
        ],
    },
    Order {
        name: "manifest-core",
        layers: &[
            layer(&["draft_document", "list"]),
            layer(&["draft", "settings_json"]),
            layer(&[
                "duplicates",
                "edit",
                "entry_json",
                "origin_json",
                "settings",
            ]),
            layer(&["entry", "referrers"]),
            layer(&["manifest", "platform_match"]),
            layer(&["descriptor", "platform_name"]),
            layer(&["platform"]),
            layer(&["extra_fields"]),
            layer(&["go_json", "reference"]),
            layer(&[
                "digest",
                "go_duration",
                "limits",
                "media_type",
                "parallel",
                "printable",
            ]),
        ],
    },
    Order {
        name: "manifest-layout",
        layers: &[
            layer(&["referrers", "select"]),
            layer(&["layout"]),
            layer(&["docker_save", "writer"]),
            layer(&["files"]),
            layer(&["archive"]),
            layer(&["location"]),
            layer(&["error"]),
            layer(&["image_names", "limits"]),
        ],
    },
    Order {
        name: "manifest-registry",
        layers: &[
            layer(&["check", "publish"]),
            layer(&["client"]),
            layer(&["blob"]),
            layer(&["session"]),
            layer(&["auth"]),
            layer(&["http"]),
            layer(&["observer"]),
            layer(&["error"]),
            layer(&["redact"]),
            layer(&["cache", "concurrent", "host", "limits"]),
        ],
    },
    Order {
        name: "manifest-spec",
        layers: &[
            layer(&["bake", "load", "template_args"]),
            layer(&["decode", "schema"]),
            layer(&["template"]),
            layer(&["keys", "names", "source", "targets", "yaml"]),
            layer(&["report", "variables"]),
            layer(&["error", "model"]),
            layer(&["limits", "position"]),
        ],
    },
    Order {
        name: "manifest-store",
        layers: &[
            layer(&["listing"]),
            layer(&["change", "outline"]),
            layer(&["store"]),
            layer(&["journal", "writer"]),
            layer(&["state_match", "stored_draft"]),
            layer(&["folder"]),
            layer(&["atomic", "entry_order", "list_name", "lock", "sidecar"]),
            layer(&["error", "file_bytes", "folder_id", "limits", "paths"]),
        ],
    },
    Order {
        name: "manifest-testkit",
        layers: &[
            layer(&["chromium", "nginx", "suite"]),
            layer(&["embedded", "real"]),
            layer(&["layout", "proxy", "seed", "tls_front", "token"]),
            layer(&["client", "fetch", "image", "server", "tls"]),
            layer(&[
                "authorization",
                "delay_line",
                "digest",
                "environment",
                "error_response",
                "forward_proxy",
                "log",
                "media_type",
                "raw",
            ]),
        ],
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

/// The dependencies of one crate.
pub(super) struct Wall {
    /// The crate.
    pub(super) name: &'static str,
    /// The allowed direct dependencies; empty for no limit.
    pub(super) direct: &'static [&'static str],
    /// The crates that must not be a dependency, direct or transitive.
    pub(super) forbidden: &'static [&'static str],
}

/// The allowed and forbidden dependencies of all crates.
pub(super) const WALLS: &[Wall] = &[
    Wall {
        name: "manifest-core",
        direct: &["base64", "serde", "serde_json", "sha2", "thiserror"],
        forbidden: &[
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
            "manifest-spec",
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
        forbidden: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "manifest-spec",
            "manifest-store",
            "manifest-registry",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "manifest-spec",
        direct: &[
            "manifest-core",
            "saphyr-parser",
            "serde",
            "serde_json",
            "strsim",
            "thiserror",
        ],
        forbidden: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "manifest-layout",
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
        forbidden: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "manifest-layout",
            "manifest-spec",
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
        forbidden: &[
            "clap",
            "directories",
            "fs2",
            "manifest-layout",
            "manifest-spec",
            "manifest-store",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "docker-manifest",
        direct: &[
            "clap",
            "comfy-table",
            "directories",
            "gtmpl-ng",
            "indicatif",
            "manifest-core",
            "manifest-layout",
            "manifest-registry",
            "manifest-spec",
            "manifest-store",
            "minijinja",
            "rustix",
            "serde",
            "serde_json",
            "signal-hook",
            "thiserror",
            "time",
            "tokio",
            "toml",
        ],
        forbidden: &["manifest-testkit"],
    },
    Wall {
        name: "manifest-testkit",
        direct: &[],
        forbidden: &[
            "manifest-layout",
            "manifest-spec",
            "manifest-store",
            "manifest-registry",
            "docker-manifest",
            "clap",
            "reqwest",
        ],
    },
];
