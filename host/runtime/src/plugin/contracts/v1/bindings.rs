//! The code that wasmtime generates from `wit/`. Only the exchanges are written by hand.

// One world with every interface, because the host calls interfaces, not worlds. A plugin has some of them
// (`super::Functions`), and `world` checks which.
wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package gramhost:host;

        world plugins {
            include gramhost:extractor/profile-plugin@1.0.0;
            include gramhost:extractor/post-plugin@1.0.0;
            include gramhost:extractor/reel-plugin@1.0.0;
            include gramhost:extractor/story-plugin@1.0.0;
        }
    ",
    world: "gramhost:host/plugins",
    with: {
        // Written by hand, so that a body is lowered directly from the buffer of the network.
        "gramhost:extractor/exchanges@1.0.0": super::exchanges,
    },
});
