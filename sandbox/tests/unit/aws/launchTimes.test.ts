import assert from "node:assert/strict";

import { LaunchTimes } from "../../../aws/ec2/launchTimes";
import type { AwsRequest, AwsResponse } from "../../../aws/protocol";

const request = (action: string, ...ids: string[]) =>
    ({
        action,
        parameters: new Map(ids.map((id, index) => [`InstanceId.${String(index + 1)}`, id])),
    }) as unknown as AwsRequest;
const answer = (body: string, status = 200): AwsResponse => ({ status, contentType: "text/xml", body });

/** As moto writes it, without most of the elements. */
const instance = (id: string, time: string) =>
    `<item><networkInterfaceSet><item><attachment/></item></networkInterfaceSet><instanceId>${id}</instanceId>\n` +
    `<imageId>ami-1</imageId><launchTime>${time}</launchTime></item>`;
const first = "2026-01-01T00:00:00.000Z";
const later = "2026-01-02T00:00:00.000Z";

describe("The launch time of an instance", () => {
    const shown = (times: LaunchTimes, body: string, status?: number) =>
        times.update(request("DescribeInstances"), answer(body, status)).body;
    const both = instance("i-1", first) + instance("i-2", first);

    it("is that of moto until the instance is started again", () => {
        const times = new LaunchTimes();
        assert.equal(shown(times, both), both);
        const started = answer("started");
        assert.equal(times.update(request("StartInstances", "i-2"), started, new Date(later)), started);
        assert.equal(shown(times, both), instance("i-1", first) + instance("i-2", later));
    });

    it("is not changed by a start that EC2 refuses, nor in answers to other calls", () => {
        const times = new LaunchTimes();
        times.update(request("StartInstances", "i-1"), answer("refused", 400), new Date(later));
        times.update(request("StopInstances", "i-1"), answer("stopped"), new Date(later));
        assert.equal(shown(times, both), both);
        times.update(request("StartInstances", "i-1"), answer("started"), new Date(later));
        assert.equal(times.update(request("RunInstances"), answer(both)).body, both);
        assert.equal(shown(times, both, 500), both);
    });
});
