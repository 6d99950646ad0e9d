import * as assert from "assert";
import { execFileSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { useConsumer } from "./support/consumer";

/** Measures both imports in one process, so that a busy machine slows down both. */
const PROGRAM = `
    const cpuTime = (name) => {
        const started = process.cpuUsage();
        require(name);
        const { user, system } = process.cpuUsage(started);
        return (user + system) / 1000;
    };
    console.log(JSON.stringify([cpuTime("@pulumi/pulumi"), cpuTime("eks-cni")]));
`;
const RUNS = 7;

/** Records the modules that the import loads, and its network calls. */
const RECORD_IMPORT = `
    const connections = [];
    require("net").Socket.prototype.connect = (...args) => connections.push(args);
    require("dns").lookup = (name) => connections.push(name);
    require("@pulumi/pulumi");
    const before = new Set(Object.keys(require.cache));
    require("eks-cni");
    const loaded = Object.keys(require.cache).filter((file) => !before.has(file));
    setTimeout(() => console.log(JSON.stringify({ loaded, connections })), 200);
`;

describe("importing the packed tarball", () => {
    const consumer = useConsumer();

    it("costs at most 5 % more than importing @pulumi/pulumi alone", () => {
        const runs = Array.from({ length: RUNS }, () => {
            const options = { cwd: consumer.folder, encoding: "utf8" } as const;
            return JSON.parse(execFileSync(process.execPath, ["-e", PROGRAM], options)) as [number, number];
        });
        // The minimum of each is its real cost. The rest is other load of the machine.
        const [sdk, own] = [0, 1].map((which) => Math.min(...runs.map((run) => run[which] ?? Infinity)));
        const shown = runs.map((run) => run.map((ms) => ms.toFixed(0)).join("+")).join(" ");
        assert.ok(sdk !== undefined && own !== undefined && own <= 0.05 * sdk, `milliseconds: ${shown}`);
    });

    it("loads nothing but the component and the documents, and asks the network for nothing", () => {
        const options = { cwd: consumer.folder, encoding: "utf8" } as const;
        const { loaded, connections } = JSON.parse(execFileSync(process.execPath, ["-e", RECORD_IMPORT], options)) as {
            loaded: string[];
            connections: unknown[];
        };
        const own = path.join(fs.realpathSync(consumer.folder), "node_modules/eks-cni/dist");
        const parts = loaded.map((file) => path.relative(own, file).split(path.sep)[0]);
        assert.deepStrictEqual([...new Set(parts)].sort(), ["components", "documents", "index.js"]);
        assert.deepStrictEqual(connections, []);
    });
});
