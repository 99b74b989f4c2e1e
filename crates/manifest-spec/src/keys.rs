//! The keys of the format: one table, which the decoder reads and the JSON Schema is made of.

/// The keys of one kind of mapping.
#[derive(Debug)]
pub(crate) struct Table {
    /// The name of the kind in messages: "a list".
    pub(crate) name: &'static str,
    /// The keys.
    pub(crate) fields: &'static [Field],
    /// Whether keys that begin with `x-` are allowed, as in Compose files. They have no effect, and hold anchors.
    pub(crate) extensible: bool,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Field {
    /// The key.
    pub(crate) name: &'static str,
    /// Its other spellings.
    pub(crate) aliases: &'static [&'static str],
    /// Whether `manifest-tool` reads it, in the first spelling.
    pub(crate) is_of_manifest_tool: bool,
    /// The form of its value.
    pub(crate) shape: Shape,
    /// The description in the schema.
    pub(crate) description: &'static str,
}

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// A text or a number.
    Text,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A list of texts.
    Texts,
    /// A text, or a list of texts.
    OneOrMore,
    /// Any keys, with a text each.
    Texted,
    /// A mapping with the keys of a table.
    Mapping(&'static Table),
    /// A list of such mappings.
    Mappings(&'static Table),
}

impl Table {
    /// Returns the place of a key in the table, whichever spelling it has.
    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        let is_it = |field: &Field| field.name == key || field.aliases.contains(&key);
        self.fields.iter().position(is_it)
    }

    /// Returns the known key that is nearest to `key`, if it is near enough to be a slip.
    pub(crate) fn nearest(&self, key: &str) -> Option<&'static str> {
        let plain = |text: &str| text.to_lowercase().replace(['-', '_', '.', ' '], "");
        let key: String = plain(key).chars().take(LONGEST_KEY).collect();
        let names = self.fields.iter().flat_map(|field| {
            let names = std::iter::once(&field.name);
            names.chain(field.aliases).copied()
        });
        let nearness = |name| {
            let name = plain(name);
            if key.len() >= SHORTEST_START && name.starts_with(&key) {
                return 1.0;
            }
            strsim::normalized_damerau_levenshtein(&key, &name)
        };
        names
            .map(|name| (name, nearness(name)))
            .filter(|(_, nearness)| *nearness >= NEAR)
            .max_by(|(_, one), (_, other)| one.total_cmp(other))
            .map(|(name, _)| name)
    }
}

/// The number of characters of a key that are compared. No known key is longer.
const LONGEST_KEY: usize = 40;

/// The number of bytes from which on the beginning of a known key counts as a short form of it.
const SHORTEST_START: usize = 3;

/// The nearness of a slip, where 1 is equal and 0 has nothing in common.
const NEAR: f64 = 0.6;

const fn own(name: &'static str, shape: Shape, description: &'static str) -> Field {
    Field {
        name,
        aliases: &[],
        is_of_manifest_tool: false,
        shape,
        description,
    }
}

const fn tool(name: &'static str, shape: Shape, description: &'static str) -> Field {
    Field {
        is_of_manifest_tool: true,
        ..own(name, shape, description)
    }
}

const IMAGE: Field = tool(
    "image",
    Shape::Text,
    "The list to publish, such as `docker.io/you/app:1.0`. Without a tag, the list is published by digest alone.",
);
const TAGS: Field = tool(
    "tags",
    Shape::Texts,
    "Further names of the list: tags of the same repository (`1.0`), or whole references (`ghcr.io/you/app:1.0`).",
);
const MANIFESTS: Field = tool(
    "manifests",
    Shape::Mappings(&ENTRY),
    "The images of the list, in this order.",
);
const ANNOTATIONS: Field = tool(
    "annotations",
    Shape::Texted,
    "Annotations of the list. They make an OCI index of it.",
);
const TEMPLATE: Field = own(
    "template",
    Shape::Text,
    "The name of the image for each of the platforms, with the placeholders `OS`, `ARCH` and `VARIANT`. Instead of `manifests`.",
);
const TYPE: Field = own(
    "type",
    Shape::Word(&["auto", "docker", "oci"]),
    "The media type: `docker` for a manifest list, `oci` for an image index. With `auto`, the images decide.",
);
const ORDER: Field = own(
    "order",
    Shape::Word(&["given", "name", "platform"]),
    "The order of the entries: as `given` here, by `name` as Docker's, or by `platform`.",
);
const ARTIFACT_TYPE: Field = own(
    "artifactType",
    Shape::Text,
    "The artifact type of the list. It makes an OCI index of it.",
);
const SUBJECT: Field = own(
    "subject",
    Shape::Text,
    "The manifest that the list refers to: a reference, or a digest in the repository of the list.",
);
const PLATFORMS: Field = own(
    "platforms",
    Shape::Texts,
    "With `template`: the platforms to name images of. Else: the only platforms to take from images that are lists.",
);
const REQUIRE: Field = own(
    "require",
    Shape::Texts,
    "Platforms that the list has to have an image for.",
);
const ATTESTATIONS: Field = own(
    "attestations",
    Shape::Word(&["keep", "drop"]),
    "Whether attestations of images that are lists (SBOMs, provenance) are taken over.",
);
const IGNORE_MISSING: Field = own(
    "ignoreMissing",
    Shape::Bool,
    "Whether images that do not exist are left out, instead of being an error.",
);

/// All tables, the innermost first.
pub(crate) const TABLES: &[&Table] = &[&PLATFORM, &ENTRY, &LIST, &DEFAULTS, &DOCUMENT];

/// The keys of a document.
pub(crate) const DOCUMENT: Table = Table {
    name: "a document",
    extensible: true,
    fields: &[
        IMAGE,
        TAGS,
        MANIFESTS,
        TEMPLATE,
        PLATFORMS,
        TYPE,
        ORDER,
        ANNOTATIONS,
        ARTIFACT_TYPE,
        SUBJECT,
        REQUIRE,
        ATTESTATIONS,
        IGNORE_MISSING,
        own(
            "lists",
            Shape::Mappings(&LIST),
            "Many lists in one document. Instead of `image` and the other keys of a list.",
        ),
        own(
            "include",
            Shape::OneOrMore,
            "Files whose documents are read before this one. A path is relative to this file.",
        ),
        own(
            "variables",
            Shape::Texted,
            "Values of variables, unless `--set` or `--env` gives others: for this document, and those after it.",
        ),
        own(
            "defaults",
            Shape::Mapping(&DEFAULTS),
            "Values of keys that a list does not state: for the lists of this document, and of those after it.",
        ),
    ],
};

/// The keys of a list.
pub(crate) const LIST: Table = Table {
    name: "a list",
    extensible: false,
    fields: &[
        IMAGE,
        TAGS,
        MANIFESTS,
        TEMPLATE,
        PLATFORMS,
        TYPE,
        ORDER,
        ANNOTATIONS,
        ARTIFACT_TYPE,
        SUBJECT,
        REQUIRE,
        ATTESTATIONS,
        IGNORE_MISSING,
    ],
};

/// The keys of the defaults.
pub(crate) const DEFAULTS: Table = Table {
    name: "the defaults",
    extensible: false,
    fields: &[
        PLATFORMS,
        TYPE,
        ORDER,
        ANNOTATIONS,
        ARTIFACT_TYPE,
        REQUIRE,
        ATTESTATIONS,
        IGNORE_MISSING,
    ],
};

/// The keys of an image.
pub(crate) const ENTRY: Table = Table {
    name: "an image",
    extensible: false,
    fields: &[
        tool(
            "image",
            Shape::Text,
            "The image: a reference, or a layout on this machine. `OS`, `ARCH` and `VARIANT` in it stand for its platform.",
        ),
        tool(
            "platform",
            Shape::Mapping(&PLATFORM),
            "The platform of the image. Parts that are not stated come from the image.",
        ),
        own(
            "annotations",
            Shape::Texted,
            "Annotations of the entry. They make an OCI index of the list.",
        ),
    ],
};

/// The keys of a platform.
pub(crate) const PLATFORM: Table = Table {
    name: "a platform",
    extensible: false,
    fields: &[
        tool(
            "architecture",
            Shape::Text,
            "The architecture, such as `arm64` or `386`.",
        ),
        tool("os", Shape::Text, "The operating system, such as `linux`."),
        tool(
            "variant",
            Shape::Text,
            "The variant of the architecture, such as `v7`.",
        ),
        Field {
            aliases: &["os.version"],
            ..tool(
                "osversion",
                Shape::Text,
                "The version of the operating system, such as `10.0.17763.1`.",
            )
        },
        Field {
            aliases: &["os.features"],
            ..tool(
                "osfeatures",
                Shape::Texts,
                "Features that the operating system must have, such as `win32k`.",
            )
        },
        tool(
            "features",
            Shape::Texts,
            "Features that the processor must have, such as `sse4`.",
        ),
    ],
};
