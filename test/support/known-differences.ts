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

const e2e = 'files/docker+compose/pkg/e2e/';
const filesMissing = 'its configs are files that the corpus does not have';

/**
 * What a real engine shows is not the same, or nothing is made of the document. Beside these, an engine that is too
 * old for an attribute would drop it without a word, and the document is refused instead.
 */
export const INSPECTS: Reasons = {
  [`${e2e}fixtures/volume-test/compose.yaml`]: filesMissing,
  [`${e2e}testdata/TestPublishDetectSensitiveData/compose.yaml`]: filesMissing,
  [`${e2e}testdata/TestIPC/compose.yaml`]: 'its variable was empty: "container:" names nothing to share with',
  [`${e2e}testdata/TestNetworkAliases/compose.yaml`]: "the corpus's masks broke a name: container2-1",
  [`${e2e}testdata/TestUnnecessaryResources/compose.yaml`]:
    'a fixed address in a network without a subnet: the container could never start',
  [`${composeGo}override_test_go_013.yaml`]: 'two services publish one port of the host',
  [`${composeGo}tests_use_api_socket_test_go_000.yaml`]: 'use_api_socket is refused: it hands over the host',
  'inline/compose-spec+compose-spec/compose_spec_compose_spec_deploy_md_000.yaml':
    'two replicas publish one port of the host',
  'inline/compose-spec+compose-spec/compose_spec_compose_spec_05_services_md_103.yaml':
    'it mounts a socket of the host that is not there',
};

const idsMasked = "the corpus's masks hide whose namespace it shares";

/** What docker compose made of these is not what they mean to us, so adopting them changes something. */
export const ADOPTIONS: Reasons = {
  [`${e2e}testdata/TestNetworkAliases/compose.yaml`]: "the corpus's masks broke a name: container2-1",
  [`${e2e}fixtures/network-test/compose.yaml`]: idsMasked,
  [`${e2e}testdata/TestNoDepsNetworkMode/compose.yaml`]: idsMasked,
  [`${e2e}testdata/TestNetworkModes/compose.yaml`]: idsMasked,
  'files/compose-spec+compose-go/loader/testdata/extends/depends_on.yaml': idsMasked,
};
