//! The `keyway` program.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let flags = args
        .chunks(2)
        .filter(|c| c.len() == 2)
        .map(|c| (c[0].trim_start_matches("--").replace('-', "_"), c[1].clone()))
        .collect();
    let sources = keyway::config::Sources {
        config_file: None,
        flags,
        env: std::env::vars().collect(),
        cwd: std::env::current_dir().unwrap_or_default(),
    };
    let config = match keyway::config::load(&sources) {
        Ok(c) => c,
        Err(m) => {
            for m in m {
                eprintln!("{m}");
            }
            return;
        }
    };
    if let Err(e) = keyway::app::serve::serve(&config, &|t| print!("{t}")) {
        match e {
            keyway::app::open::NotOpened::Configuration(f)
            | keyway::app::open::NotOpened::Unreachable(f)
            | keyway::app::open::NotOpened::Failed(f) => eprintln!("{f}"),
        }
    }
}
