//! The choices for a list that do not come from its sources.

use manifest_core::settings::{ListType, Order};

use crate::sources::ChildFilter;
use crate::values::{AnnotationFlag, OnDuplicate};

/// The choices for a list that do not come from its sources.
#[derive(Clone, Debug)]
pub(crate) struct AssemblyOptions {
    /// The choice among the images of lists.
    pub(crate) filter: ChildFilter,
    /// Whether the platforms of the filter are a choice among sources that are images, too.
    pub(crate) filters_images: bool,
    /// Whether lists are replaced by their children.
    pub(crate) flattens: bool,
    /// Whether sources that do not exist are left out.
    pub(crate) ignores_missing: bool,
    /// Whether sources in another registry than the list are refused.
    pub(crate) refuses_copies: bool,
    /// Whether warnings are errors.
    pub(crate) is_strict: bool,
    /// The action if two images are for one platform. `None` leaves that to the push.
    pub(crate) on_duplicate: Option<OnDuplicate>,
    /// The properties of the list.
    pub(crate) list: ListOptions,
}

/// The properties of a list. `None` leaves a property as it is in the draft.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListOptions {
    /// The media type. `Some(None)` means that the images decide.
    pub(crate) list_type: Option<Option<ListType>>,
    /// The order of the entries.
    pub(crate) order: Option<Order>,
    /// The artifact type. Empty means none.
    pub(crate) artifact_type: Option<String>,
    /// Annotations of the list and of its entries.
    pub(crate) annotations: Vec<AnnotationFlag>,
    /// Whether the list gets the annotations that all images share.
    pub(crate) copies_annotations: bool,
}
