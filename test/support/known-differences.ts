/**
 * Where stackctl means to differ from docker compose 2.40.3 on the corpus, by document, each with the reason. A
 * difference that is not here fails the corpus tests, and so does one that is here and has gone.
 */
type Reasons = Readonly<Record<string, string>>;

const composeGo = 'inline/compose-spec+compose-go/compose_spec_compose_go_loader_';

/** One of the two accepts the document, the other refuses it. */
export const ACCEPTANCE: Reasons = {
  [`${composeGo}loader_test_go_090.yaml`]: 'docker compose fails while it prints the SSH keys of a build',
  [`${composeGo}reset_test_go_008.yaml`]:
    'docker compose takes an alias for a circle because one name begins with the other',
  [`${composeGo}override_test_go_013.yaml`]:
    'two services publish one port of the host: the second could never start',
  [`${composeGo}tests_networks_test_go_000.yaml`]:
    'a fixed address in a network without a subnet: every engine refuses it',
  'inline/compose-spec+compose-spec/compose_spec_compose_spec_deploy_md_000.yaml':
    'two replicas publish one port of the host: the second could never start',
};

/** Accepted by both, and the canonical models are not the same. */
export const MODELS: Reasons = {
  [`${composeGo}loader_test_go_025.yaml`]: 'it prints $HOME: the environment of a process is no input here',
};

/** What a real engine shows is not the same, or the document is refused for an engine. */
export const INSPECTS: Reasons = {};
