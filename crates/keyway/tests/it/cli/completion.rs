//! `keyway completion`

use super::failed;
use crate::stage::bare;

#[test]
fn every_shell_gets_a_script_of_every_command() {
    let keyway = bare().prepare();
    for shell in ["bash", "zsh", "fish"] {
        let output = keyway.cli(&["completion", shell]).expect_code(0);
        for word in ["serve", "admin-key", "usage", "revoke"] {
            assert!(output.stdout.contains(word), "{shell}: no {word}");
        }
        assert!(output.stderr.is_empty(), "{}", output.stderr);
    }
    failed(&keyway.cli(&["completion", "cobol"]), 2, &["cobol"]);
    assert!(!keyway.data_dir().exists());
}
