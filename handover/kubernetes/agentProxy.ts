import { BlockList, isIP } from "node:net";
import type { V1Container } from "@kubernetes/client-node";

/** The agent's address for each IP family: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html */
const AGENT = { ipv4: "169.254.170.23", ipv6: "fd00:ec2::23" };

/**
 * The containers that call the EKS Pod Identity Agent through a proxy. Inferred from the AWS SDK for Go: it asks the agent by plain HTTP, with
 * net/http's ProxyFromEnvironment, which exempts the addresses of NO_PROXY and the loopback address alone.
 *
 * Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function proxiedContainers(containers: readonly V1Container[], ipFamily: "ipv4" | "ipv6"): string[] {
    return containers
        .filter((container) => valueOf(container, "HTTP_PROXY") !== "")
        .filter((container) => !isExempt(valueOf(container, "NO_PROXY"), ipFamily))
        .map(({ name }) => name);
}

/** The name in upper case comes first, as in Go. A value of a reference is unknown, so it counts as none. */
function valueOf({ env = [] }: V1Container, name: string): string {
    const values = [name, name.toLowerCase()].map((one) => env.filter((entry) => entry.name === one).at(-1)?.value);
    return values.find(Boolean) ?? "";
}

function isExempt(noProxy: string, ipFamily: "ipv4" | "ipv6"): boolean {
    return noProxy
        .split(",")
        .map((entry) => entry.trim())
        .some((entry) => entry === "*" || covers(withoutPort(entry), ipFamily));
}

/** The agent answers on port 80. Go takes an address in brackets without a port for the name of a host. */
function withoutPort(entry: string): string {
    const [, host = entry] = /^(?:\[(.*)\]|([^:]*)):80$/.exec(entry)?.filter(Boolean) ?? [];
    return host;
}

/** An address, or a block like 169.254.0.0/16. */
function covers(entry: string, ipFamily: "ipv4" | "ipv6"): boolean {
    const [address = "", length] = entry.split("/");
    const version = isIP(address);
    if (version !== (ipFamily === "ipv4" ? 4 : 6)) {
        return false;
    }
    const longest = version === 4 ? 32 : 128;
    const bits = length === undefined ? longest : Number(length);
    if (!Number.isInteger(bits) || bits < 0 || bits > longest) {
        return false;
    }
    const block = new BlockList();
    block.addSubnet(address, bits, ipFamily);
    return block.check(AGENT[ipFamily], ipFamily);
}
