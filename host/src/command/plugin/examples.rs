//! The examples in the help of `gramhost plugin …`.

/// Examples of `gramhost plugin` itself.
pub(super) const PLUGIN: &str = "\
Examples:
  gramhost plugin list                    show the serving versions
  gramhost plugin check post.wasm         show the contract, permissions and cost of a component
  gramhost plugin test post.wasm          run the recorded cases through a component
  gramhost plugin put post.wasm           install a component in the running server
  gramhost plugin rollback post           return to the previous version
  gramhost plugin captures                list the captured failures
  gramhost plugin explain ID              show what Instagram changed, and where it is now
  gramhost plugin new post                write an extractor of your own";

pub(super) const LIST: &str = "\
Examples:
  gramhost plugin list
  gramhost plugin list --json | jq -r '.[].digest'";

pub(super) const CHECK: &str = "\
Examples:
  gramhost plugin check post.wasm
  gramhost plugin check post.wasm --cases fixtures/instagram
  gramhost plugin check post.wasm --json | jq .contract";

pub(super) const TEST: &str = "\
Examples:
  gramhost plugin test post.wasm
  gramhost plugin test post.wasm --cases fixtures/instagram
  gramhost plugin test post.wasm --cases cases --update
  gramhost plugin test post.wasm --settings data/plugins/post.toml";

pub(super) const PACK: &str = "\
Examples:
  gramhost plugin pack post.wasm --cases cases
  gramhost plugin pack post.wasm --cases cases --settings post.toml -o packed/post.wasm";

pub(super) const SIGN: &str = "\
Examples:
  minisign -S -m post.wasm && gramhost plugin sign post.wasm
  gramhost plugin sign post.wasm --signature post.sig -o signed/post.wasm";

pub(super) const PUT: &str = "\
Examples:
  gramhost plugin put post.wasm
  gramhost plugin put target/wasm32-wasip2/plugin/post.wasm --data /var/lib/gramhost";

pub(super) const ROLLBACK: &str = "\
Examples:
  gramhost plugin rollback post
  gramhost plugin rollback post --why 'likes are missing'";

pub(super) const PROMOTE: &str = "\
Examples:
  gramhost plugin promote post
  gramhost plugin promote post --digest 618fa6790bac17f0e20924413767d84b9db89a7f8118b67fd2f5c0519245f80c";

pub(super) const DISCARD: &str = "\
Examples:
  gramhost plugin discard post";

pub(super) const HISTORY: &str = "\
Examples:
  gramhost plugin history
  gramhost plugin history post --json | jq '.[0]'";

pub(super) const CAPTURES: &str = "\
Examples:
  gramhost plugin captures
  gramhost plugin captures --json | jq -r '.[].id'";

pub(super) const REPLAY: &str = "\
Examples:
  gramhost plugin replay $(gramhost plugin captures --json | jq -r '.[0].id')
  gramhost plugin replay ID --plugin post.wasm";

pub(super) const EXPLAIN: &str = "\
Examples:
  gramhost plugin explain ID
  gramhost plugin explain ID --suggest";

pub(super) const ADOPT: &str = "\
Examples:
  gramhost plugin adopt ID --as likes-hidden
  gramhost plugin adopt ID --as likes-hidden --plugin post.wasm --into cases";

pub(super) const RECORD: &str = "\
Examples:
  gramhost plugin record post CnU4zIh9x_F --as carousel-of-ten
  gramhost plugin record profile-info instagram --as verified --into cases";

pub(super) const NEW: &str = "\
Examples:
  gramhost plugin new post
  gramhost plugin new reel --into ../reel-extractor";

pub(super) const BUILD: &str = "\
Examples:
  gramhost plugin build
  gramhost plugin build ../reel-extractor";

pub(super) const WATCH: &str = "\
Examples:
  gramhost plugin watch
  gramhost plugin watch ../reel-extractor --data /var/lib/gramhost";
