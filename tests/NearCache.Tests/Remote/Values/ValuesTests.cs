using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.Remote.Formats;
using NearCache.Remote.Formats.Json;
using NearCache.Tests.Reading;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Remote.Values;

/// <summary>What goes in comes out, or does not go in.</summary>
public sealed partial class ValuesTests
{
    private const uint Json = 0x4E43_0100;
    private const uint JsonFields = 0x4E43_0106;
    private const uint HybridFields = 0x4E43_0107;

    [Fact]
    public async Task Every_value_comes_back_whole_from_the_embedded_remote()
    {
        await using var town = await EmbeddedTownAsync();
        await town.AllComeBackAsync(Samples.Whole);
    }

    [Fact]
    public async Task Every_value_that_would_be_changed_is_refused_by_the_embedded_remote()
    {
        await using var town = await EmbeddedTownAsync();
        await town.AllAreRefusedAsync(Samples.Lossy);
    }

    [Theory]
    [InlineData(StoredFormat.Raw)]
    [InlineData(StoredFormat.EnyimDefault)]
    public async Task Values_come_back_whole_or_are_refused_in_the_formats_of_other_clients(StoredFormat format)
    {
        // BSON has documents and arrays for roots, and doubles for decimals.
        string[] documents =
        [
            "tuple of nine", "vector", "fields", "fields inside", "record", "constructor", "queue", "polymorphic", "populated collection"
        ];
        await using var town = await EmbeddedTownAsync(options => options.Format = format);
        await town.AllComeBackAsync(Samples.Whole.Where(sample => documents.Contains(sample.Name)));
        await town.AllAreRefusedAsync(Samples.Lossy);
    }

    [Fact]
    public async Task Fields_have_a_kind_of_their_own_and_what_was_written_without_them_is_a_counted_miss()
    {
        using var meter = new MeterRecorder();
        await using var server = FakeMemcached.Start();
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = [server.Address] });
        await using var town = await ValueProcesses.StartAsync(
            options => new NearCacheClient(options, meterFactory: meter), options => Raw(options, server.Address));
        await town.Writer.SetAsync("far:new", (1, "one"));
        await town.HybridWriter.SetAsync("new", (1, "one"));
        await town.Writer.SetAsync("far:plain", new Samples.Person("Ann", 7));

        Assert.Equal((JsonFields, """{"Item1":1,"Item2":"one"}"""), await StoredAsync(client, "far:new"));
        Assert.Equal(HybridFields, (await StoredAsync(client, "h:new")).Flags);
        Assert.Equal((Json, """{"Name":"Ann","Age":7,"City":null}"""), await StoredAsync(client, "far:plain"));

        foreach (var prefix in ValueProcesses.Prefixes)
        {
            await client.SetAsync($"{prefix}old", "{}"u8.ToArray(), clientFlags: Json);
            for (var i = 1; i <= 2; i++)
            {
                var before = meter.Sum("nearcache.remote.unreadable", "reason=kind");
                Assert.False((await town.Reader.GetAsync<(int, string)>($"{prefix}old")).HasValue);
                Assert.False((await town.Reader.GetManyAsync<(int, string)>([$"{prefix}old"]))[$"{prefix}old"].HasValue);
                Assert.Equal(before + 2, meter.Sum("nearcache.remote.unreadable", "reason=kind"));
            }
        }

        // An entry of HybridCache from before fields were written: the header is that of a new one.
        var old = (await client.GetAsync("h:new"))!;
        var header = old.AsSpan().IndexOf("{\"Item1\""u8);
        await client.SetAsync("h:new", (byte[])[.. old[..header], .. "{}"u8], clientFlags: 0x4E43_0104);
        Assert.Equal((2, "two"), await town.HybridReader.GetOrCreateAsync("new", _ => ValueTask.FromResult((2, "two"))));
    }

    [Fact]
    public async Task What_cannot_be_read_back_is_a_counted_miss_with_a_rule_as_without()
    {
        using var meter = new MeterRecorder();
        await using var server = FakeMemcached.Start();
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = [server.Address] });
        await using var town = await ValueProcesses.StartAsync(
            options => new NearCacheClient(options, meterFactory: meter), options => Raw(options, server.Address));
        foreach (var prefix in ValueProcesses.Prefixes)
        {
            // As a process wrote it that did not look.
            var key = $"{prefix}shop";
            await client.SetAsync(key, """{"Name":"x"}"""u8.ToArray(), clientFlags: Json);
            for (var i = 0; i < 2; i++)
            {
                var before = meter.Sum("nearcache.remote.unreadable", "reason=type");
                Assert.False((await town.Reader.GetAsync<Samples.IShop>(key)).HasValue);
                Assert.False((await town.Reader.GetAsync<Samples.Base>(key)).HasValue);
                Assert.False((await town.Reader.GetManyAsync<Samples.TwoConstructors>([key]))[key].HasValue);
                Assert.Equal(before + 3, meter.Sum("nearcache.remote.unreadable", "reason=type"));
            }

            var ran = false;
            Func<CancellationToken, ValueTask<Samples.IShop>> factory = _ =>
            {
                ran = true;
                return ValueTask.FromResult<Samples.IShop>(new Samples.Shop());
            };
            var refused = await Assert.ThrowsAsync<NotSupportedException>(async () => await town.Reader.GetOrCreateAsync(key, factory));
            Assert.False(ran);
            Assert.Contains("IShop cannot be read back", refused.Message, StringComparison.Ordinal);

            // Another type reads it, and keeps it near.
            Assert.Equal("x", (await town.Reader.GetAsync<Samples.Shop>(key)).Value!.Name);
            Assert.False((await town.Reader.GetAsync<Samples.IShop>(key)).HasValue);
        }
    }

    [Fact]
    public async Task A_codec_that_stops_to_read_makes_misses_near_and_far_and_the_factory_answers()
    {
        var format = new MoodyFormat();
        await using var town = await EmbeddedTownAsync(options => options.ValueFormat = format);
        await town.Reader.SetAsync("far:first", new List<int>());
        foreach (var prefix in ValueProcesses.Prefixes)
        {
            var key = $"{prefix}list";
            format.Fails = false;
            await town.Writer.SetAsync(key, new List<int> { 1 });
            Assert.Equal([1], (await town.Reader.GetAsync<List<int>>(key)).Value);
            Assert.Equal([1], (await town.Reader.GetAsync<List<int>>(key)).Value);

            format.Fails = true;
            for (var i = 0; i < 2; i++)
            {
                Assert.False((await town.Reader.GetAsync<List<int>>(key)).HasValue);
                Assert.False((await town.Reader.GetManyAsync<List<int>>([key]))[key].HasValue);
                Assert.Equal([2], await town.Reader.GetOrCreateAsync(key, _ => ValueTask.FromResult(new List<int> { 2 })));
            }
        }
    }

    [Fact]
    public async Task A_format_whose_first_value_cannot_be_read_back_refuses_it()
    {
        await using var town = await EmbeddedTownAsync(options => options.ValueFormat = new MoodyFormat { Fails = true });

        var refused = await Assert.ThrowsAsync<NotSupportedException>(() => town.Writer.SetAsync("far:list", new List<int> { 1 }));

        Assert.Contains("List<System.Int32> was written, but cannot be read back", refused.Message, StringComparison.Ordinal);
        Assert.False((await town.Reader.GetAsync<List<int>>("far:list")).HasValue);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_asked_for_as_an_object_is_an_element_from_either_tier(bool shares)
    {
        await using var town = await EmbeddedTownAsync(options => options.Rules[0].ShareValues = shares);
        foreach (var prefix in ValueProcesses.Prefixes)
        {
            var key = $"{prefix}person";
            await town.Writer.SetAsync(key, new Samples.Person("Ann", 7));
            await town.Reader.GetAsync<Samples.Person>(key);
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(
                    "Ann", Assert.IsType<JsonElement>((await town.Reader.GetAsync<object>(key)).Value).GetProperty("Name").GetString());
                Assert.Equal(
                    7,
                    Assert.IsType<JsonElement>((await town.Reader.GetManyAsync<object>([key]))[key].Value).GetProperty("Age").GetInt32());
                Assert.IsType<JsonElement>(await town.Reader.GetOrCreateAsync<object>(key, _ => throw new InvalidOperationException()));
            }

            Assert.Equal("Ann", (await town.Reader.GetAsync<Samples.Person>(key)).Value!.Name);

            await town.Writer.SetAsync<object>(key, (1, "one"));
            Assert.Equal(1, Assert.IsType<JsonElement>((await town.Reader.GetAsync<object>(key)).Value).GetProperty("Item1").GetInt32());
            Assert.Equal(1, (await town.Reader.GetAsync<JsonElement>(key)).Value.GetProperty("Item1").GetInt32());
            Assert.Equal((1, "one"), (await town.Reader.GetAsync<(int, string)>(key)).Value);
            await town.Writer.SetAsync<object>(key, new Samples.Person("Bo", 8));
            Assert.Equal("Bo", (await town.Reader.GetAsync<Samples.Person>(key)).Value!.Name);
            await Assert.ThrowsAsync<NotSupportedException>(() => town.Writer.SetAsync<object>(key, new Stack<int>()));
            await Assert.ThrowsAsync<NotSupportedException>(() => town.Writer.SetAsync<object>(key, Samples.PrivateSetter.Of(1)));

            // A number that is near as itself is an element too, and nothing of the cache's own is ever given away.
            await town.Writer.SetAsync(key, 42);
            await town.Reader.GetAsync<int>(key);
            Assert.Equal(42, Assert.IsType<JsonElement>((await town.Reader.GetAsync<object>(key)).Value).GetInt32());
        }

        await town.HybridWriter.SetAsync("key", "text");
        Assert.Equal("text", await town.HybridReader.GetOrCreateAsync<string>("key", _ => throw new InvalidOperationException()));
        Assert.False((await town.Reader.GetAsync<object>("h:key")).HasValue);
    }

    [Fact]
    public async Task Options_without_a_resolver_work_and_are_kept_to()
    {
        foreach (var json in new[]
        {
            new JsonSerializerOptions(JsonSerializerDefaults.Web),
            new JsonSerializerOptions(JsonSerializerDefaults.Web) { IncludeFields = true },
            new JsonSerializerOptions { IncludeFields = true, ReferenceHandler = ReferenceHandler.Preserve },
            new JsonSerializerOptions(JsonSerializerDefaults.Strict) { IncludeFields = true },
        })
        {
            await using var town = await EmbeddedTownAsync(options => options.Json = json);
            string[] names = ["record", "constructor", "record struct", "queue", "polymorphic", "undefined enum", "pair", "computed"];
            await town.AllComeBackAsync(Samples.Whole.Where(sample => names.Contains(sample.Name)));
            await town.AllAreRefusedAsync(
                Samples.Lossy.Where(
                    sample => sample.Name is not ("cycle" or "populated with another comparer" or "populated from the beginning")
                        || json.ReferenceHandler is null));
            string[] fields = ["tuple", "vector", "fields", "dictionary of tuples"];
            var withFields = Samples.Whole.Where(sample => fields.Contains(sample.Name));
            await (json.IncludeFields ? town.AllComeBackAsync(withFields) : town.AllAreRefusedAsync(withFields));
        }

        await using var web = await EmbeddedTownAsync(options => options.Json = new JsonSerializerOptions(JsonSerializerDefaults.Web));
        await web.Writer.SetAsync("far:person", new Samples.Person("Ann", 7));
        Assert.Equal("Ann", (await web.Reader.GetAsync<JsonElement>("far:person")).Value.GetProperty("name").GetString());
    }

    [Theory]
    [MemberData(nameof(LossySettings))]
    public async Task Settings_of_the_serializer_that_lose_state_refuse_the_types_that_lose_it(string setting)
    {
        var json = setting switch
        {
            "policy" => new JsonSerializerOptions { DictionaryKeyPolicy = JsonNamingPolicy.CamelCase },
            "default" => new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault },
            "null" => new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull },
            "read only" => new JsonSerializerOptions { IgnoreReadOnlyProperties = true },
            _ => new JsonSerializerOptions { ReferenceHandler = ReferenceHandler.IgnoreCycles },
        };
        ValueSample lossy = setting switch
        {
            "policy" => ValueSample.Of("keys", new Dictionary<string, int> { ["Red"] = 1 }),
            "default" => ValueSample.Of("initial", new Samples.Initial { Size = 0 }),
            "null" => ValueSample.Of("initial text", new Samples.InitialText { Text = null }),
            "read only" => ValueSample.Of("constructed", new Samples.Constructed(3)),
            _ => ValueSample.Of("cycle", Samples.Node.Cycle()),
        };
        await using var town = await EmbeddedTownAsync(options => options.Json = json);

        await town.AllAreRefusedAsync([lossy]);
        await town.AllComeBackAsync([ValueSample.Of("plain", new Samples.Overrides { Size = 3 }, (one, other) => one.Size == other.Size)]);
    }

    [Fact]
    public async Task Only_a_value_that_would_come_back_as_its_initial_one_is_refused_where_defaults_are_left_out()
    {
        await using var town = await EmbeddedTownAsync(
            options => options.Json = new JsonSerializerOptions(JsonSerializerDefaults.Web)
            {
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            });

        await town.AllComeBackAsync(
        [
            ValueSample.Of("text", new Samples.InitialText { Text = "other" }, (one, other) => one.Text == other.Text),
            ValueSample.Of("size", new Samples.Initial { Size = 0 }, (one, other) => one.Size == other.Size),
            ValueSample.Of("constructed", new Samples.ConstructedWithText(1) { Text = "" }, (one, other) => one.Text == other.Text),
            ValueSample.Of("ignored", new Samples.IgnoredDefault { Size = 4 }, (one, other) => one.Size == other.Size),
        ]);
        await town.AllAreRefusedAsync(
        [
            ValueSample.Of("unset text", new Samples.InitialText { Text = null }),
            ValueSample.Of("unset constructed", new Samples.ConstructedWithText(1) { Text = null }),
            ValueSample.Of("unset ignored", new Samples.IgnoredDefault { Size = 0 }),
            ValueSample.Of("inside", new List<Samples.InitialText> { new(), new() { Text = null } }),
        ]);
    }

    [Fact]
    public async Task A_value_that_was_never_set_is_refused_with_the_documented_error()
    {
        await using var town = await EmbeddedTownAsync();
        foreach (var call in new Func<Task>[]
        {
            () => town.Writer.SetAsync("far:array", default(ImmutableArray<int>)),
            () => town.Writer.SetAsync("far:element", default(JsonElement)),
            () => town.Writer.SetAsync("far:inside", new Samples.Holder<JsonElement>()),
            () => town.HybridWriter.SetAsync("array", default(ImmutableArray<int>)).AsTask(),
        })
        {
            Assert.Contains(
                "cannot be written as JSON without loss",
                (await Assert.ThrowsAsync<ArgumentException>(call)).Message,
                StringComparison.Ordinal);
        }
    }

    public static TheoryData<string> LossySettings => ["policy", "default", "null", "read only", "cycles"];

    [Fact]
    public async Task A_type_that_a_context_does_not_list_is_named_with_the_context()
    {
        await using var town = await EmbeddedTownAsync(options => options.Json = Listed.Default.Options);
        await town.Writer.SetAsync("far:text", "not listed");
        await town.Writer.SetAsync("far:bytes", new byte[] { 1 });
        await town.Writer.SetAsync("far:memory", new ReadOnlyMemory<byte>([1]));
        await town.Writer.SetAsync("far:listed", new Samples.Holder<Samples.Person> { Value = new Samples.Person("Ann", 7) });
        await town.Writer.SetAsync("far:nested", new Samples.Person("Ann", 7));
        await town.HybridWriter.SetAsync("listed", new Samples.Person("Ann", 7));

        Assert.Equal("Ann", (await town.Reader.GetAsync<Samples.Holder<Samples.Person>>("far:listed")).Value!.Value!.Name);
        foreach (var refused in new[]
        {
            await Assert.ThrowsAsync<NotSupportedException>(() => town.Writer.SetAsync("far:other", new Samples.Constructed(1))),
            await Assert.ThrowsAsync<NotSupportedException>(
                async () => await town.HybridWriter.SetAsync("other", new Samples.Constructed(1))),
            await Assert.ThrowsAsync<NotSupportedException>(
                async () => await town.Writer.GetOrCreateAsync("far:other", _ => ValueTask.FromResult(new Samples.Constructed(1)))),
        })
        {
            Assert.Contains("Samples+Constructed is not listed in", refused.Message, StringComparison.Ordinal);
            Assert.Contains(
                "ValuesTests+Listed, the JsonSerializerContext of NearCacheOptions.Json", refused.Message, StringComparison.Ordinal);
        }

        // What a context lists is examined as any other type.
        await town.AllAreRefusedAsync([ValueSample.Of("private setter", Samples.PrivateSetter.Of(1)), ValueSample.Of("tuple", (1, "one"))]);
    }

    [Fact]
    public async Task A_context_with_fields_writes_them_under_their_kind()
    {
        await using var town = await EmbeddedTownAsync(
            options => options.Json = new JsonSerializerOptions(Listed.Default.Options) { IncludeFields = true });

        await town.AllComeBackAsync([ValueSample.Of("tuple", (1, "one"))]);
        Assert.Equal(
            JsonFields,
            new ValueTranscoder(
                new EnvelopeFormat(),
                LosslessJsonOptions.From(new JsonSerializerOptions(Listed.Default.Options) { IncludeFields = true }, []),
                TimeProvider.System).CodecOf<(int, string)>().ClientFlags);
    }

    [Fact]
    public async Task Types_that_may_lose_state_are_stored()
    {
        await using var town = await EmbeddedTownAsync(options =>
        {
            options.LossyTypes.Add(typeof(Samples.Ignored));
            options.LossyTypes.Add(typeof(Samples.Person));
            options.LossyTypes.Add(typeof(object));
        });

        await town.AllComeBackAsync(
        [
            ValueSample.Of("ignored", new Samples.Ignored { Secret = "x" }, (_, other) => other.Secret is null or "x"),
            ValueSample.Of<Samples.Person>("employee", new Samples.Employee("Ann", 7, "x"), (_, other) => other.Name == "Ann"),
            ValueSample.Of(
                "object",
                new Samples.Holder<object> { Value = 5 },
                (_, other) => other.Value is 5 or JsonElement { ValueKind: JsonValueKind.Number }),
        ]);
        await town.AllAreRefusedAsync([ValueSample.Of("private setter", Samples.PrivateSetter.Of(1))]);
    }

    [Fact]
    public void A_type_is_examined_once()
    {
        var json = LosslessJsonOptions.From(null, []);

        Assert.Same(
            global::NearCache.Remote.Formats.Json.JsonTypeAnalysis.Of(typeof(Samples.Person), json),
            global::NearCache.Remote.Formats.Json.JsonTypeAnalysis.Of(typeof(Samples.Person), json));
    }

    private static Task<ValueProcesses> EmbeddedTownAsync(Action<NearCacheOptions>? configure = null)
    {
        var remote = new EmbeddedRemote(TimeProvider.System);
        return ValueProcesses.StartAsync(options => new NearCacheClient(options, remote), configure);
    }

    private static async Task<(uint Flags, string Text)> StoredAsync(MemcachedClient client, string key)
    {
        var item = await client.GetAsync(key, MetaFields.Value | MetaFields.ClientFlags);
        return (item.ClientFlags, Encoding.UTF8.GetString(item.Value.Span));
    }

    [JsonSerializable(typeof(Samples.Holder<Samples.Person>))]
    [JsonSerializable(typeof(Samples.PrivateSetter))]
    [JsonSerializable(typeof((int, string)))]
    internal sealed partial class Listed : JsonSerializerContext;

    // Texts and lists of numbers, one letter each; on demand it reads nothing.
    private sealed class MoodyFormat : IValueFormat
    {
        public bool Fails { get; set; }

        public uint NullFlags => 3;

        public ValueCodec<T> CodecFor<T>(JsonSerializerOptions json) =>
            (ValueCodec<T>)(object)(typeof(T) == typeof(string) ? new Texts() : new Numbers(this));

        public ValueMatch Match(uint found, uint written) => found == written ? ValueMatch.Value : ValueMatch.OtherKind;

        private sealed class Texts : ValueCodec<string>
        {
            public override uint ClientFlags => 1;

            public override ReadOnlyMemory<byte> Encode(string value) => Encoding.UTF8.GetBytes(value);

            public override string Decode(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
        }

        private sealed class Numbers(MoodyFormat format) : ValueCodec<List<int>>
        {
            public override uint ClientFlags => 2;

            public override ReadOnlyMemory<byte> Encode(List<int> value) => value.Select(number => (byte)number).ToArray();

            public override List<int> Decode(ReadOnlyMemory<byte> bytes) =>
                format.Fails ? throw new InvalidOperationException("Not today.") : [.. bytes.ToArray().Select(one => (int)one)];
        }
    }

    // Keys as the test's own client names them.
    private static void Raw(NearCacheOptions options, string server)
    {
        options.KeyPrefix = "";
        options.Memcached.Servers.Add(server);
    }
}
