import { deepStrictEqual } from "node:assert/strict";
import { proxiedContainers } from "../../../../handover/kubernetes/agentProxy";

const env = (values: Record<string, string>) => Object.entries(values).map(([name, value]) => ({ name, value }));
const PROXY = { HTTP_PROXY: "http://proxy:3128" };

const rows: [string, Record<string, string>, isProxied: [ipv4: boolean, ipv6: boolean]][] = [
    ["without a proxy", {}, [false, false]],
    ["with a proxy for HTTPS alone", { HTTPS_PROXY: "http://proxy:3128" }, [false, false]],
    ["with a proxy", PROXY, [true, true]],
    ["with a proxy in lower case", { http_proxy: "http://proxy:3128" }, [true, true]],
    ["with an empty proxy", { HTTP_PROXY: "" }, [false, false]],
    ["with other exemptions", { ...PROXY, NO_PROXY: "10.0.0.0/8,.cluster.local,169.254.169.254" }, [true, true]],
    ["with the IPv4 address exempted", { ...PROXY, NO_PROXY: "10.0.0.0/8, 169.254.170.23" }, [false, true]],
    ["with the IPv6 address exempted", { ...PROXY, no_proxy: "fd00:ec2::23" }, [true, false]],
    ["with the IPv6 address in brackets, which Go ignores", { ...PROXY, NO_PROXY: "[fd00:ec2::23]" }, [true, true]],
    ["with its port exempted", { ...PROXY, NO_PROXY: "169.254.170.23:80,[fd00:ec2::23]:80" }, [false, false]],
    ["with another port exempted", { ...PROXY, NO_PROXY: "169.254.170.23:443,[fd00:ec2::23]:443" }, [true, true]],
    ["with its block exempted", { ...PROXY, NO_PROXY: "169.254.0.0/16,fd00:ec2::/32" }, [false, false]],
    ["with another block exempted", { ...PROXY, NO_PROXY: "169.254.169.0/24" }, [true, true]],
    ["with a block that is none", { ...PROXY, NO_PROXY: "169.254.170.23/33,169.254.170.23/x" }, [true, true]],
    ["with everything exempted", { ...PROXY, NO_PROXY: "*" }, [false, false]],
];

describe("A container that would ask a proxy for the credentials of an association", () => {
    for (const [title, values, expected] of rows) {
        it(`${expected.includes(true) ? "is one" : "is none"} ${title}`, () => {
            const containers = [{ name: "aws-node", env: env(values) }, { name: "other" }];
            deepStrictEqual(
                (["ipv4", "ipv6"] as const).map((family) => proxiedContainers(containers, family)),
                expected.map((is) => (is ? ["aws-node"] : [])),
            );
        });
    }
});
