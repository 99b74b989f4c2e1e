//! Bounds on the data that a registry may send, and on the time that it may take. Real registries stay well below them;
//! hostile ones are stopped.

use std::time::Duration;

/// The timeout for the TCP and TLS handshakes together. Docker uses 30 s as well.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The timeout for the response head, once the request is sent. Registries that fetch content from upstream need some
/// ten seconds.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);

/// The timeout for the commit of a blob after its last byte. Some registries hash the blob again, at disk speed.
pub const COMMIT_TIMEOUT: Duration = Duration::from_secs(300);

/// The longest pause within a body, sent or received.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The least number of bytes of a blob that must arrive within [`IDLE_TIMEOUT`]: some 70 a second. It ends downloads
/// that trickle without ever pausing for long. The slowest connection in use for pulls is a hundred times as fast.
pub const SLOWEST_BYTES: usize = 4 * 1024;

/// The timeout for a whole small body: manifest, configuration, token, error.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(180);

/// The time that an idle connection stays in the pool. Common load balancers drop idle connections after 60 s.
pub const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// The number of concurrent requests to one HTTP/1.1 host, and so the number of its connections. A host counts as
/// HTTP/1.1 until its version is known.
pub const REQUESTS_PER_HOST: usize = 16;

/// The number of concurrent requests on one HTTP/2 connection. Servers in Go accept 250. A server that accepts fewer
/// announces it (`SETTINGS_MAX_CONCURRENT_STREAMS`), and the HTTP library waits.
pub const REQUESTS_PER_HOST_HTTP2: usize = 250;

/// The maximum number of connections to one HTTP/2 host. With more, this program would be the bottleneck, not the host.
pub const CONNECTIONS_PER_HOST_HTTP2: usize = 3;

/// The number of waiting requests that justifies another HTTP/2 connection. Opening one takes some round trips, in
/// which the existing connection completes as many requests. A list of forty images with ten layers each never waits
/// for a second connection.
pub const QUEUE_PER_HOST_HTTP2: usize = 200;

/// The HTTP/2 flow-control window of one stream, in bytes: the data that arrives within one round trip, 80 MB a second
/// at 50 ms. It also bounds the buffer of a layer whose target is slower than its source.
pub const STREAM_WINDOW: u32 = 4 * 1024 * 1024;

/// The HTTP/2 flow-control window of one connection, for all its streams, in bytes.
pub const CONNECTION_WINDOW: u32 = 4 * STREAM_WINDOW;

/// The maximum number of connections to one host for uploads of blobs, and separately for downloads. At 50 ms a round
/// trip, 16 connections move a hundred layers of 1 MB in little more than a second.
pub const BODY_CONNECTIONS: usize = 16;

/// The largest blob, in bytes, that is uploaded in one piece alongside other requests. It fits into the initial HTTP/2
/// window of a stream (RFC 9113, section 6.5.2), so that it takes one round trip on an open connection.
pub const SMALL_BLOB: u64 = 65_535;

/// The number of bytes of blobs that may be in flight at once. Each blob counts with the bytes that are held in memory.
pub const BLOB_BYTES_IN_FLIGHT: u32 = 16 * 1024 * 1024;

/// The weight of a large blob in [`BLOB_BYTES_IN_FLIGHT`], in bytes. It exceeds the buffers between source and target,
/// so that few large blobs are in flight at once, each of them faster.
pub const LARGE_BLOB_IN_FLIGHT: u32 = 2 * 1024 * 1024;

/// The number of small blobs that justifies a test whether a registry accepts uploads in a single request. A registry
/// that does not costs one of the blobs an extra round trip.
pub const SINGLE_REQUEST_UPLOADS: usize = 16;

/// The number of bytes that are read at once from a local blob.
pub const LOCAL_CHUNK: usize = 256 * 1024;

/// The number of blobs or manifests of one publication that are processed concurrently: the capacity of the fastest
/// host.
pub const PARALLEL_WORK: usize = REQUESTS_PER_HOST_HTTP2 * CONNECTIONS_PER_HOST_HTTP2;

/// The number of tags that are probed concurrently in the background. The rest of the capacity is for the main work.
pub const BACKGROUND_PROBES: usize = PARALLEL_WORK / 2;

/// The maximum number of repositories in the scopes of one token. Each adds some 50 bytes to a URL, and 130 bytes to a
/// header that every request carries. Strict servers accept headers of 4 KiB.
pub const SCOPES_PER_TOKEN: usize = 25;

/// The number of repositories in each token if one token for all of them would be too large. The tokens are requested
/// concurrently, so that more tokens take no longer, while every request carries each byte of its token.
pub const SCOPES_OF_SEVERAL_TOKENS: usize = 8;

/// The first wait before a tag that was just written is read again because it is missing or still points to the old
/// digest. The wait doubles each time, until [`LAG_WINDOW`] is over.
pub const FIRST_LAG_BACKOFF: Duration = Duration::from_millis(100);

/// The maximum depth of referrers of referrers. A signature of an SBOM of an image has depth two; no known artifact has
/// twice that. The limit also applies to the nesting of lists in a referrer.
pub const REFERRER_DEPTH: usize = 4;

/// The maximum number of referrers of one manifest, and of all manifests of one publication, that are copied. An image
/// that is signed every night for years has some hundreds.
pub const REFERRERS: usize = 4096;

/// The maximum number of pages that are requested of a list of referrers. Registries put some 100 referrers on a page.
pub const REFERRER_PAGES: usize = 100;

/// The number of tags that are requested on one page. Registries send fewer if they like.
pub const TAGS_PER_PAGE: usize = 1000;

/// The maximum number of pages that are requested of a list of tags. Docker Hub puts 100 tags on a page.
pub const TAG_PAGES: usize = 1000;

/// The maximum number of tags of a repository. Repositories that tag each commit have some ten thousand.
pub const TAGS: usize = 100_000;

/// The maximum size of a page of tags, in bytes. A registry without pages sends all tags at once, some 50 bytes each.
pub const TAG_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The number of attempts to update a referrers index that other clients write at the same time.
pub const REFERRERS_INDEX_ATTEMPTS: usize = 5;

/// The time after a read during which content is assumed to exist without another request. A list of small images is
/// copied within it.
pub const READ_FRESHNESS: Duration = Duration::from_secs(15);

/// The maximum number of redirects. Registries use one, to their object storage.
pub const REDIRECTS: usize = 5;

/// The number of bytes of an error's body that are read.
pub const ERROR_BYTES: usize = 64 * 1024;

/// The largest manifest or configuration that is cached, in bytes. Those of images have some 10 KiB.
pub const CACHED_BYTES: usize = 1024 * 1024;

/// The longest challenge that is cached, in characters. Real challenges have some 100.
pub const CHALLENGE_CHARS: usize = 1024;

/// The maximum size of a token server's response, in bytes. Real responses have some 2 KiB, or 20 KiB with many scopes.
pub const TOKEN_BYTES: usize = 256 * 1024;

/// The number of messages that are kept of a registry's error response.
pub const MESSAGES: usize = 8;

/// The number of characters that are kept of each message.
pub const MESSAGE_CHARS: usize = 400;

/// The minimum lifetime of a token, even if its server states less (distribution specification, "Token Authentication":
/// clients must assume 60 s).
pub const MIN_TOKEN_LIFETIME: Duration = Duration::from_secs(60);

/// The time before its expiry from which a token is no longer used, so that it does not expire in transit.
pub const TOKEN_EXPIRY_MARGIN: Duration = Duration::from_secs(10);

/// The number of retries after a transient failure, unless `--retry` is given. With the waits below they bridge some 12
/// s: the restart or failover of a registry.
pub const RETRIES: u32 = 5;

/// The maximum of the first backoff. Each further maximum is twice as long.
pub const FIRST_BACKOFF: Duration = Duration::from_millis(500);

/// The maximum backoff. A longer silence looks like a hang.
pub const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// The longest `Retry-After` that is honoured. Busy registries ask for up to a minute. A longer wait means a quota that
/// is not refilled within the time of a build.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);

/// The time after a write during which a 404, or a tag's old digest, is retried instead of reported. Registries that
/// replicate need some seconds.
pub const LAG_WINDOW: Duration = Duration::from_secs(15);

/// The extra time for a tag's state after the main request has finished. Both requests are sent together, so the second
/// response is due at about the same time.
pub const TAG_STATE_GRACE: Duration = Duration::from_millis(250);

/// The timeout for a tag's state that is requested on its own: a token and a response, on an open connection.
pub const TAG_STATE_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of characters of a request ID or a rate limit header that are shown.
pub const HEADER_CHARS: usize = 100;

/// The number of characters of a URL that are shown. A token request has some 2000.
pub const URL_CHARS: usize = 4096;

/// The number of unsupported authentication schemes that an error names.
pub const CHALLENGES: usize = 8;

/// The number of characters of each scheme that are shown.
pub const SCHEME_CHARS: usize = 40;
