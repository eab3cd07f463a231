//! What wasmtime generates from `wit/`; only the exchanges are written by hand.

// One world with every interface, because the interfaces are what is called: a plugin has some of them
// (`super::Functions`), and `world` checks which.
wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package gramhost:host;

        world plugins {
            export gramhost:extractor/about@1.0.0;
            export gramhost:extractor/profile-info@1.0.0;
            export gramhost:extractor/profile-posts@1.0.0;
            export gramhost:extractor/profile-reels@1.0.0;
            export gramhost:extractor/post@1.0.0;
            export gramhost:extractor/reel@1.0.0;
            export gramhost:extractor/story@1.0.0;
        }
    ",
    world: "gramhost:host/plugins",
    with: {
        // By hand, so that a body is lowered from where the network put it.
        "gramhost:extractor/exchanges@1.0.0": super::exchanges,
    },
});
