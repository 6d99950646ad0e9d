import { clusterOf } from "./cluster";
import { iamOf } from "./iam";
import { sandboxOf } from "./sandboxes";

/** Sets up a sandbox for a group of tests, and waits until no rolling update is in progress. Filled in by its `before` hook. */
export function useSandbox(ipFamily: "ipv4" | "ipv6") {
    const parts = {} as {
        sandbox: Awaited<ReturnType<typeof sandboxOf>>;
        cluster: ReturnType<typeof clusterOf>;
        iam: ReturnType<typeof iamOf>;
    };
    before(async () => {
        const sandbox = await sandboxOf(ipFamily);
        Object.assign(parts, { sandbox, cluster: clusterOf(sandbox), iam: iamOf(sandbox) });
        await parts.cluster.settled();
    });
    return parts;
}
