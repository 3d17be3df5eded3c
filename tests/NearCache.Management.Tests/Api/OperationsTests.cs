using System.Net;
using System.Text.Json.Nodes;
using NearCache.TestSupport;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.Api;

/// <summary>What an operator does through the API, on a fleet on fake servers.</summary>
public sealed class OperationsTests
{
    [Fact]
    public async Task A_rule_is_added_as_a_dry_run_previewed_changed_undone_and_removed()
    {
        var fleet = new FleetOfTests();
        await fleet.StartAsync();
        await using var console = await ConsoleOfTests.StartAsync(fleet);
        var rules = await console.GetAsync("api/contexts/shop/rules", answer => answer["rules"]!["value"]);
        Assert.Equal(["products", "site"], Names(rules));
        Assert.Equal("on", (string?)rules["rules"]!["value"]![0]!["state"]);

        var (status, preview) = await console.PostAsync(
            "api/contexts/shop/rules/preview", """{"rule":{"name":"menus","match":"menu:*"}}""");
        Assert.Equal((HttpStatusCode.OK, 1.0), (status, (double)preview["revision"]!));
        Assert.Equal("menus", (string?)preview["changes"]![0]!["name"]);
        Assert.True((bool)preview["changes"]![0]!["after"]!["dryRun"]!);
        Assert.Contains("dry run", (string?)preview["effects"]![0], StringComparison.Ordinal);

        (status, var added) = await console.PostAsync(
            "api/contexts/shop/rules/add",
            """{"rule":{"name":"menus","match":"menu:*","dryRun":false,"nearLifetimeSeconds":30},"reason":"read often","ifRevision":1}""");
        Assert.Equal((HttpStatusCode.OK, 2), (status, (int)added["revision"]!));

        (status, var late) = await console.PostAsync(
            "api/contexts/shop/rules/add", """{"rule":{"name":"late","match":"late:*"},"reason":"late","ifRevision":1}""");
        Assert.Equal((HttpStatusCode.Conflict, "revisionConflict"), (status, (string?)late["code"]));

        (status, var refused) = await console.PostAsync(
            "api/contexts/shop/rules/add", """{"rule":{"name":"all","match":"*"},"reason":"everything"}""");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "refused"), (status, (string?)refused["code"]));
        Assert.NotEmpty(refused["mistakes"]!.AsArray());

        (status, var early) = await console.PostAsync(
            "api/contexts/shop/rules/promote", """{"name":"menus","reason":"at once"}""");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "refused"), (status, (string?)early["code"]));

        (status, _) = await console.PostAsync(
            "api/contexts/shop/rules/change",
            """{"rule":{"name":"products","match":"product:*","nearLifetimeSeconds":90,"onInvalidate":"refresh"},"reason":"longer"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        await console.PostAsync("api/contexts/shop/rules/remove", """{"name":"menus","reason":"no use"}""");
        (status, var undone) = await console.PostAsync("api/contexts/shop/rules/undo", """{"revision":3,"reason":"shorter again"}""");
        Assert.Equal((HttpStatusCode.OK, 5), (status, (int)undone["revision"]!));

        JsonNode history = null!;
        await Eventually.BecomesTrueAsync(
            async () => (history = await console.GetAsync("api/contexts/shop/rules/history"))["edits"]!.AsArray() is [{ } newest, ..]
                && (int)newest["revision"]! == 5,
            "the edits are read");
        var edit = history["edits"]![2]!;
        Assert.Equal((3, "alice", "longer", true, true), ((int)edit["revision"]!, (string?)edit["who"], (string?)edit["why"],
            (bool)edit["isVerified"]!, (bool)edit["canUndo"]!));
        Assert.Equal(
            ["NearLifetime: -> 00:01:30", "OnInvalidate: -> Refresh"],
            edit["changes"]![0]!["differences"]!.AsArray()
                .Select(difference => $"{difference!["setting"]}: {difference["before"]}-> {difference["after"]}"));

        var audit = console.Logs.Of(4040).Select(line => JsonNode.Parse(line)!).ToArray();
        Assert.Contains(audit, line => (string?)line["action"] == "rules/add" && (string?)line["outcome"] == "Done"
            && (string?)line["user"] == "alice" && (string?)line["target"] == "menus (menu:*)" && (string?)line["reason"] == "read often"
            && (string?)line["context"] == "shop" && (bool)line["isVerified"]!);
        Assert.Contains(audit, line => (string?)line["outcome"] == "Failed" && (string?)line["target"] == "all (*)");
    }

    [Fact]
    public async Task A_stop_is_confirmed_by_name_obeyed_and_ended()
    {
        var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await using var console = await ConsoleOfTests.StartAsync(fleet);

        var preview = await console.GetAsync("api/contexts/shop/stop/preview?rule=products");
        Assert.Equal("products", (string?)preview["confirm"]);
        var (status, mistyped) = await console.PostAsync(
            "api/contexts/shop/stop", """{"rule":"products","confirm":"product","reason":"incident"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "confirmation"), (status, (string?)mistyped["code"]));
        Assert.Empty(process.Snapshot().Stops);

        // Spaces before a reason do not push it out of what a stop has room for, and it is one line wherever it is shown.
        (status, var stopped) = await console.PostAsync(
            "api/contexts/shop/stop",
            $$"""{"rule":"products","confirm":"products","reason":"{{new string(' ', 500)}}incident\r\n\u2028\u202e4711"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.All(stopped["places"]!.AsArray(), place => Assert.True((bool)place!["stored"]!["value"]!));
        var id = (string)stopped["stop"]!["id"]!;
        await FleetOfTests.IsNotNearAsync(process, "product:1");
        await Eventually.BecomesTrueAsync(
            async () => (bool)(await console.GetAsync($"api/contexts/shop/stops/{id}/obedience"))["value"]!["isComplete"]!,
            "every process has obeyed");

        JsonNode overview = null!;
        await Eventually.BecomesTrueAsync(
            async () => (overview = await console.GetAsync("api/contexts/shop"))["stops"]!["value"]!.AsArray().Count == 1,
            "the stop is shown");
        Assert.Equal("attention", (string?)overview["verdict"]!["level"]);
        Assert.Equal("Rule “products” is stopped by alice: “incident 4711”.", (string?)overview["verdict"]!["causes"]!.AsArray()
            .First(cause => (string?)cause!["kind"] == "ruleStopped")!["text"]);
        Assert.Equal("stop", (string?)overview["lastChange"]!["kind"]);

        (status, var resumed) = await console.PostAsync(
            "api/contexts/shop/resume", $$"""{"stops":["{{id}}"],"reason":"prices are right"}""");
        Assert.Equal((HttpStatusCode.OK, 2), (status, (int)resumed["revision"]!));
        await FleetOfTests.IsNearAsync(process, "product:1");
    }

    [Fact]
    public async Task A_key_is_removed_refreshed_and_its_value_shown_only_with_the_permission()
    {
        var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await using var console = await ConsoleOfTests.StartAsync(fleet);

        var (status, value) = await console.PostAsync(
            "api/contexts/shop/key/value", """{"key":"product:1","reason":"a customer asks"}""");
        Assert.Equal((HttpStatusCode.OK, "value"), (status, (string?)value["value"]!["text"]));
        (status, _) = await console.PostAsync(
            "api/contexts/shop/key/value", """{"key":"product:1","reason":"curious"}""", user: "oscar view operate");
        Assert.Equal(HttpStatusCode.Forbidden, status);

        // Another program changes the item, of which no process hears.
        var other = fleet.Memcached.Single(server => server.Items.ContainsKey("shop:product:1"));
        var before = other.Items["shop:product:1"].Cas;
        (status, _) = await console.PostAsync("api/contexts/shop/key/refresh", """{"key":"product:1","reason":"changed elsewhere"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        await Eventually.BecomesTrueAsync(
            async () => (await process.GetAsync<string>("product:1")).Source == CacheSource.Remote, "the near entry is dropped");
        Assert.Equal(before, other.Items["shop:product:1"].Cas);

        (status, var removed) = await console.PostAsync("api/contexts/shop/key/remove", """{"key":"product:1","reason":"wrong"}""");
        Assert.Equal((HttpStatusCode.OK, true), (status, (bool)removed["existed"]!));
        Assert.False(other.Items.ContainsKey("shop:product:1"));

        (status, var invalid) = await console.PostAsync(
            "api/contexts/shop/key/remove", """{"key":"product:1\r\nflush_all\r\n","reason":"hostile"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "invalid"), (status, (string?)invalid["code"]));
        Assert.NotEmpty(other.Items);

        // The audit names keys as the settings allow: hashed.
        Assert.Contains(console.Logs.Of(4040), line => line.Contains("key/remove", StringComparison.Ordinal));
        Assert.DoesNotContain(console.Logs.Texts, line => line.Contains("product:1", StringComparison.Ordinal));
        Assert.All(console.Logs.Of(4040).Concat(console.Logs.Of(4041)), line => Assert.DoesNotContain('\n', line));
    }

    private static IEnumerable<string?> Names(JsonNode rules) =>
        rules["rules"]!["value"]!.AsArray().Select(rule => (string?)rule!["settings"]!["name"]);
}
