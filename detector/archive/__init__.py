"""An archive of original pictures: each kept once under its hash, without loss, in shards that can be read as they stand."""
