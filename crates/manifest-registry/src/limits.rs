//! Bounds on what a registry may send, and on how long it may take. Generous to real registries, final to hostile ones.

use std::time::Duration;

/// How long TCP and TLS handshakes may take together: Docker's 30 s.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the head of an answer may take once the request is out. Registries that fetch from elsewhere need
/// some ten seconds.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a registry may take to commit a blob after its last byte: some hash it again, at disk speed.
pub const COMMIT_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a body may pause, in either direction.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How few bytes of a blob may come within [`IDLE_TIMEOUT`]: some 70 a second, so that what drips without ever pausing for long
/// ends too. The slowest connection that anyone pulls images over brings a hundred times as much.
pub const SLOWEST_BYTES: usize = 4 * 1024;

/// How long a whole small body (manifest, configuration, token, error) may take.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(180);

/// How long an unused connection is kept, below the 60 s after which common load balancers drop it.
pub const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// How many requests run at once on one host that speaks HTTP/1.1, and so how many connections it sees at most. One whose
/// protocol is not known yet counts as such.
pub const REQUESTS_PER_HOST: usize = 16;

/// How many requests run at once on one connection to a host that speaks HTTP/2. 250 is what servers in Go take;
/// what a server takes less it says itself (`SETTINGS_MAX_CONCURRENT_STREAMS`), and the HTTP library waits.
pub const REQUESTS_PER_HOST_HTTP2: usize = 250;

/// How many connections there are at most to a host that speaks HTTP/2: more would wait for this program, not for the host.
pub const CONNECTIONS_PER_HOST_HTTP2: usize = 3;

/// How many requests have to wait until another connection is made: it takes some round trips, in which the one that is there
/// works on as many. What a list of forty images of ten layers needs waits for nothing more.
pub const QUEUE_PER_HOST_HTTP2: usize = 200;

/// How much of one body a server that speaks HTTP/2 may send before it hears that it was taken, in bytes: what comes in one round
/// trip, 80 MB a second where that takes 50 ms. It is all that is kept of a layer whose target is slower than its source.
pub const STREAM_WINDOW: u32 = 4 * 1024 * 1024;

/// As [`STREAM_WINDOW`], for all bodies of one connection.
pub const CONNECTION_WINDOW: u32 = 4 * STREAM_WINDOW;

/// How many connections there are at most to one host for the bodies of blobs that are sent to it, and as many for those that come
/// from it. With 50 ms a round trip, 16 move a hundred layers of 1 MB in little more than a second.
pub const BODY_CONNECTIONS: usize = 16;

/// The size of a blob, in bytes, up to which it goes with other requests, as a whole: it fits into the window that HTTP/2 gives every
/// stream at first (RFC 9113, section 6.5.2), so that it takes one round trip on a connection that is there.
pub const SMALL_BLOB: u64 = 65_535;

/// How many bytes of blobs may be under way at once. Each counts for its size, as far as it is kept in memory.
pub const BLOB_BYTES_IN_FLIGHT: u32 = 16 * 1024 * 1024;

/// What a large blob counts for in [`BLOB_BYTES_IN_FLIGHT`], in bytes: more than the buffers between source and target hold, so
/// that few of them are under way at once, each of them faster.
pub const LARGE_BLOB_IN_FLIGHT: u32 = 2 * 1024 * 1024;

/// How many small blobs have to be uploaded to a registry until it is tried whether it takes them in a single request: a registry
/// that does not costs one of them a round trip more.
pub const SINGLE_REQUEST_UPLOADS: usize = 16;

/// How many bytes of a blob on this machine are read at once.
pub const LOCAL_CHUNK: usize = 256 * 1024;

/// How many blobs or manifests of one publication are worked on at once: what the fastest host takes.
pub const PARALLEL_WORK: usize = REQUESTS_PER_HOST_HTTP2 * CONNECTIONS_PER_HOST_HTTP2;

/// How many names are looked at at once beside the work, which gets on with the rest.
pub const PARALLEL_PROBES_ASIDE: usize = PARALLEL_WORK / 2;

/// How many repositories one token is asked to cover. Each adds some 50 bytes to a URL and 130 to a header that goes with
/// each request, and of which careful servers take 4 KiB.
pub const SCOPES_PER_TOKEN: usize = 25;

/// How many repositories each token covers where one for all would be too large. Tokens are asked for at once, so that more of
/// them take no longer, while each byte of one goes along with every request.
pub const SCOPES_OF_SEVERAL_TOKENS: usize = 8;

/// How long to wait before a tag that was just written, and is missing or shows what it was before, is looked at again;
/// doubled each time, until [`LAG_WINDOW`] is over.
pub const LAG_PAUSE: Duration = Duration::from_millis(100);

/// How deep referrers of referrers are followed: a signature, of a bill of materials, of an image is two; twice that is known of
/// nobody. As deep may lists be nested in one that refers to something.
pub const REFERRER_DEPTH: usize = 4;

/// How many referrers of one manifest, and of all of one publication, are copied. Images that are signed each night for years
/// have some hundreds.
pub const REFERRERS: usize = 4096;

/// How many pages of a list of referrers are asked for. Registries put some 100 in one.
pub const REFERRER_PAGES: usize = 100;

/// How often an index of referrers is read and written again because somebody else wrote it meanwhile.
pub const REFERRERS_INDEX_ATTEMPTS: usize = 5;

/// How long after it was read something is taken to be there without another look: what a list of small images takes.
pub const JUST_READ: Duration = Duration::from_secs(15);

/// How many redirects are followed. Registries use one, to their object storage.
pub const REDIRECTS: usize = 5;

/// How much of an error's body is read, in bytes.
pub const ERROR_BYTES: usize = 64 * 1024;

/// How much of a manifest or configuration is worth being remembered, in bytes. Those of images have some 10 KiB.
pub const CACHED_BYTES: usize = 1024 * 1024;

/// How many characters the challenge of a registry has at most that is remembered. Real ones have some 100.
pub const CHALLENGE_CHARS: usize = 1024;

/// How much of a token server's answer is read, in bytes. Real tokens have some 2 KiB, with many scopes 20 KiB.
pub const TOKEN_BYTES: usize = 256 * 1024;

/// How many of a registry's error messages are kept.
pub const MESSAGES: usize = 8;

/// How many characters of one of a registry's messages are kept.
pub const MESSAGE_CHARS: usize = 400;

/// The shortest time that a token is good for, whatever its server says (distribution specification,
/// "Token Authentication": clients must assume 60 s).
pub const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// How long before its end a token is no longer used, so that it does not expire on the way.
pub const TOKEN_MARGIN: Duration = Duration::from_secs(10);

/// How often a request that failed for a passing reason is repeated, unless `--retry` says otherwise. With the waits below that
/// bridges some 12 s, what a registry's restart or failover takes.
pub const RETRIES: u32 = 5;

/// How long the first wait before a repetition is at most; each further one is twice as long.
pub const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How long a wait grows at most: beyond it a person would think that nothing happens.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long a wait that a registry asks for may be. Busy registries ask for up to a minute; who asks for more
/// has a quota that no wait within a build refills.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(120);

/// How long after it was written something may be missing, or a tag show what it was before, before that is believed:
/// registries that replicate take some seconds.
pub const LAG_WINDOW: Duration = Duration::from_secs(15);

/// How long what a tag shows is waited for, once that beside which it was asked is done. It went out with a request of that, so
/// its answer comes about now.
pub const TAG_STATE_GRACE: Duration = Duration::from_millis(250);

/// As [`TAG_STATE_GRACE`], where it is asked for its own sake: a token and an answer, on a connection that is there.
pub const TAG_STATE_PATIENCE: Duration = Duration::from_secs(1);

/// How many characters of a request id, or of the rate limits in an answer's head, are shown.
pub const HEADER_CHARS: usize = 100;

/// How many characters of a URL are shown. That of a request for a token has some 2000.
pub const URL_CHARS: usize = 4096;

/// How many kinds of login that are not known here an error names.
pub const CHALLENGES: usize = 8;

/// How many characters of the name of such a kind are shown.
pub const SCHEME_CHARS: usize = 40;
