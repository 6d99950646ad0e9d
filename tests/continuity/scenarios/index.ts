import { advice } from "./advice";
import { addOnEvents } from "./addOnEvents";
import { aws } from "./aws";
import { changes } from "./changes";
import { churns } from "./churn";
import { deliveries } from "./deliveries";
import { deliveryMoves } from "./deliveryMoves";
import { drift } from "./drift";
import { injectionGuard } from "./injectionGuard";
import { lifecycle } from "./lifecycle";
import { limits } from "./limits";
import { model } from "./model";
import { modes } from "./modes";
import { nodes } from "./nodes";
import { options } from "./options";
import { organization } from "./organization";
import { others } from "./others";
import { owners } from "./owners";
import { outsiders } from "./outsiders";
import { records } from "./records";
import { replacedProvider } from "./replacedProvider";
import { role } from "./role";
import { rollout } from "./rollout";
import { podIdentityFaults } from "./podIdentityFaults";
import { podIdentityMoves } from "./podIdentityMoves";
import type { Scenario } from "./scenario";
import { sharedNodeRole } from "./sharedNodeRole";
import { turningOff } from "./turningOff";
import { webhook } from "./webhook";

export const SCENARIOS: readonly Scenario[] = [
    ...lifecycle,
    ...nodes,
    ...churns,
    ...webhook,
    ...aws,
    ...rollout,
    ...others,
    ...sharedNodeRole,
    ...owners,
    ...changes,
    ...turningOff,
    ...options,
    ...replacedProvider,
    ...deliveries,
    ...deliveryMoves,
    ...podIdentityMoves,
    ...podIdentityFaults,
    ...addOnEvents,
    ...drift,
    ...injectionGuard,
    ...outsiders,
    ...organization,
    ...records,
    ...role,
    ...advice,
    ...limits,
    ...modes,
    ...model,
];
