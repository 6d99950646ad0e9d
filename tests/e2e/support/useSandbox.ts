import { clusterOf } from "./cluster";
import { iamOf } from "./iam";
import { sandboxOf } from "./sandboxes";

/** A sandbox for the tests of a group, with what they look at in it; there from its first hook on, with no rolling update under way. */
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
