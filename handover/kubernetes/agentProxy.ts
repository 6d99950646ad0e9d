import { BlockList, isIP } from "node:net";
import type { V1Container } from "@kubernetes/client-node";
import { variable } from "./environment";

/** The agent's address for each IP family: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html */
const AGENT = { ipv4: "169.254.170.23", ipv6: "fd00:ec2::23" };

/**
 * The containers that call the EKS Pod Identity Agent through a proxy. Inferred from the AWS SDK for Go: it asks the agent by plain HTTP, with
 * net/http's ProxyFromEnvironment, which exempts the addresses of NO_PROXY and the loopback address alone. A container is left out if a value that
 * decides comes from elsewhere, such as a ConfigMap: the canary shows whether its pod gets credentials.
 *
 * Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function proxiedContainers(containers: readonly V1Container[], ipFamily: "ipv4" | "ipv6"): string[] {
    return containers
        .filter((container) => Boolean(valueOf(container, "HTTP_PROXY")))
        .filter((container) => {
            const noProxy = valueOf(container, "NO_PROXY");
            return noProxy !== undefined && !isExempt(noProxy, ipFamily);
        })
        .map(({ name }) => name);
}

/** Undefined if the value is not known here. The name in upper case comes first, as in Go, which passes over an empty value. */
function valueOf(container: V1Container, name: string): string | undefined {
    const upper = variable(container, name);
    return upper === "" ? variable(container, name.toLowerCase()) : upper;
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
