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

/** A value that the template does not have. */
const REFERENCE = { valueFrom: { configMapKeyRef: { name: "proxy", key: "value" } } };
const elsewhere = (name: string) => ({ name, ...REFERENCE });
const envFrom = [{ configMapRef: { name: "proxy" } }];
const literal = env(PROXY);

const unknown: [string, object, isProxied: boolean][] = [
    ["with a proxy of a ConfigMap", { env: [elsewhere("HTTP_PROXY")] }, false],
    ["with exemptions of a ConfigMap", { env: [...literal, elsewhere("NO_PROXY")] }, false],
    ["with exemptions of a ConfigMap, in lower case", { env: [...literal, elsewhere("no_proxy")] }, false],
    [
        "with exemptions of a ConfigMap, which come before its own in lower case",
        { env: [...literal, elsewhere("NO_PROXY"), ...env({ no_proxy: "10.0.0.0/8" })] },
        false,
    ],
    [
        "with its own exemptions, which come before those of a ConfigMap in lower case",
        { env: [...literal, ...env({ NO_PROXY: "10.0.0.0/8" }), elsewhere("no_proxy")] },
        true,
    ],
    ["with all variables of a ConfigMap", { envFrom }, false],
    ["with a proxy, and all other variables of a ConfigMap", { env: literal, envFrom }, false],
    [
        "with a proxy and exemptions, and all other variables of a ConfigMap",
        { env: env({ ...PROXY, NO_PROXY: "10.0.0.0/8" }), envFrom },
        true,
    ],
    ["with an empty reference list", { env: literal, envFrom: [] }, true],
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

    for (const [title, given, isProxied] of unknown) {
        it(`${isProxied ? "is one" : "is not said to be one"} ${title}`, () => {
            deepStrictEqual(proxiedContainers([{ name: "aws-node", ...given }], "ipv4"), isProxied ? ["aws-node"] : []);
        });
    }
});
