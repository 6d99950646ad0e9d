import { deepStrictEqual, match } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { type LiveCheckName, liveCheckProvider } from "../../../../handover/engine/liveCheckProvider";
import { isRefusal } from "../../../../handover/model/refusal";
import { openRunContext, type OperationContext } from "../../../../handover/observe/runContext";
import { kubeconfig, ScriptedApi, status } from "../kubernetes/support";
import { record, ROLE, subject } from "../support/worlds";

const inputs = {
    subject,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
    record,
    approvedRole: ROLE,
    detachFromNodeRoles: [],
};

/** How each operation opens its connections, which the test does not have. */
async function opened(name: LiveCheckName, of: "create" | "update" | "delete" | "read"): Promise<unknown> {
    const seen: unknown[] = [];
    const operation: OperationContext = {
        progress: () => undefined,
        open: (_inputs, _roles, { fromState }) => {
            seen.push(fromState);
            return Promise.reject(new Error("no connection"));
        },
    };
    const check = liveCheckProvider(name);
    const run = {
        create: () => check.create(inputs, operation),
        update: () => check.update(inputs, { ...inputs, drift: "repaired" }, operation),
        delete: () => check.delete(inputs, operation),
        read: () => check.read(inputs, operation),
    };
    await run[of]().catch(() => undefined);
    return seen[0];
}

describe("A live check of the engine", () => {
    for (const name of ["credentialGuard", "canary", "detachment"] as const) {
        it(`knows that a refresh has the connection of the state: ${name}`, async () => {
            deepStrictEqual(await opened(name, "read"), true);
        });

        it(`has the connection of the program in an update: ${name}`, async () => {
            deepStrictEqual([await opened(name, "create"), await opened(name, "update")], [undefined, undefined]);
        });
    }

    for (const name of ["credentialGuard", "detachment"] as const) {
        it(`knows that a delete has the connection of the state: ${name}`, async () => {
            deepStrictEqual(await opened(name, "delete"), true);
        });
    }
});

describe("The connection to a cluster", () => {
    let api: ScriptedApi;
    before(async () => (api = await ScriptedApi.start(() => status(401, "Unauthorized"))));
    after(() => api.stop());

    for (const [fromState, fix] of [
        [true, /a destroy and a refresh use the credentials that KUBECONFIG or ~\/\.kube\/config has for this server/],
        [undefined, /^Use a `kubeconfig` whose credentials the cluster accepts\..*must print the user\.$/],
    ] as const) {
        it(`is that of ${fromState === true ? "the state" : "the program"}, and its messages say so`, async () => {
            const text = JSON.stringify(kubeconfig(api.url, { token: "revoked" }));
            const operation = { progress: () => undefined, ...(fromState === undefined ? {} : { fromState }) };
            const { cluster } = await openRunContext({ subject, kubeconfig: text }, [], operation);
            const error: unknown = await cluster.restart({ name: "a", uid: "1" }).catch((reason: unknown) => reason);
            match(isRefusal(error) ? error.fix : String(error), fix);
            cluster.close();
        });
    }
});
