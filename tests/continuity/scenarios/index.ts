import { aws } from "./aws";
import { changes } from "./changes";
import { drift } from "./drift";
import { injectionGuard } from "./injectionGuard";
import { lifecycle } from "./lifecycle";
import { model } from "./model";
import { nodes } from "./nodes";
import { others } from "./others";
import type { Scenario } from "./scenario";
import { webhook } from "./webhook";

export const SCENARIOS: readonly Scenario[] = [
    ...lifecycle,
    ...nodes,
    ...webhook,
    ...aws,
    ...others,
    ...changes,
    ...drift,
    ...injectionGuard,
    ...model,
];
