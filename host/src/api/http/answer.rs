//! Parts of responses that several endpoints share.

use utoipa::ToSchema;

/// Bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes a stream in the OpenAPI document")]
pub(in crate::api) struct Bytes(Vec<u8>);
