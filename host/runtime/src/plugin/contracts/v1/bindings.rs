//! What wasmtime generates from `wit/`; only the exchanges are written by hand.

// One world with every interface, because the interfaces are what is called: a plugin has some of them
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
        // By hand, so that a body is lowered from where the network put it.
        "gramhost:extractor/exchanges@1.0.0": super::exchanges,
    },
});
