import { combinationRows } from "./combinationRows";
import { iamRules } from "./iamRules";
import { kubernetesRules } from "./kubernetesRules";
import { liveCombinationRows } from "./liveCombinationRows";
import { liveRules } from "./liveRules";
import { podIdentityRows } from "./podIdentityRows";
import { Row, rowsOf } from "./rule";
import { tagRules } from "./tagRules";

/** Arguments, and the problems that are expected for them. */
export const ROWS: readonly Row[] = [
    ...[...iamRules, ...tagRules, ...kubernetesRules, ...liveRules].flatMap(rowsOf),
    ...combinationRows,
    ...liveCombinationRows,
    ...podIdentityRows,
];
