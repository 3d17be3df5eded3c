using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Collections.Specialized;
using System.ComponentModel;
using System.Drawing;
using System.Net;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NearCache.Tests.Remote.Values;

/// <summary>Values of which System.Text.Json may lose something, and those of which it does not.</summary>
public static partial class Samples
{
    /// <summary>Values that come back whole.</summary>
    public static IEnumerable<ValueSample> Whole =>
    [
        ValueSample.Of("tuple", (Price: 9.5m, Name: "boots")),
        ValueSample.Of("tuple of nine", (1, 2, 3, 4, 5, 6, 7, 8, "nine")),
        ValueSample.Of<(int, string)?>("nullable tuple", (1, "one")),
        ValueSample.Of("dictionary of tuples", new Dictionary<string, (int, string)> { ["a"] = (1, "one") }, Each),
        ValueSample.Of(
            "list of lists of tuples",
            new List<List<(int, (bool, char))>> { new() { (1, (true, 'x')) } },
            (one, other) => one[0].SequenceEqual(other[0])),
        ValueSample.Of("class tuple", Tuple.Create(1, "one", 2.5)),
        ValueSample.Of("vector", new Vector3(1, 2, 3)),
        ValueSample.Of("quaternion", new Quaternion(1, 2, 3, 4)),
        ValueSample.Of("matrix", new Matrix4x4(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)),
        ValueSample.Of(
            "fields", new WithFields { Number = 1, Name = "one" }, (one, other) => one.Number == other.Number && one.Name == other.Name),
        ValueSample.Of(
            "fields inside",
            new Holder<WithFields> { Value = new WithFields { Number = 1 } },
            (one, other) => one.Value!.Number == other.Value!.Number),
        ValueSample.Of(
            "fields below a property",
            new DerivedWithProperty { Number = 1, Size = 2 },
            (one, other) => (one.Number, one.Size) == (other.Number, other.Size)),
        ValueSample.Of("record", new Person("Ann", 7) { City = "Bern" }),
        ValueSample.Of("record struct", new Position(1, 2)),
        ValueSample.Of(
            "private field behind a property",
            new HandWritten { Total = 3, Label = "x" },
            (one, other) => (one.Total, one.Label) == (other.Total, other.Label)),
        ValueSample.Of("constructor", new Constructed(4), (one, other) => one.Size == other.Size),
        ValueSample.Of("primary constructor", new Captured(5), (one, other) => one.Size == other.Size),
        ValueSample.Of("included private setter", Included.Of(6), (one, other) => one.Size == other.Size),
        ValueSample.Of("populated collection", new Populated { Lines = { 1, 2 } }, (one, other) => one.Lines.SequenceEqual(other.Lines)),
        ValueSample.Of(
            "populated caseless",
            new PopulatedCaseless { Sizes = { ["a"] = 1 }, Names = { "b" } },
            (_, other) => other.Sizes["A"] == 1 && other.Names.Contains("B")),
        ValueSample.Of("required", new Needs { Name = "x" }, (one, other) => one.Name == other.Name),
        ValueSample.Of("computed", new Computed { Width = 2 }, (one, other) => one.Width == other.Width && other.Twice == 4),
        ValueSample.Of("overridden", new Overrides { Size = 7 }, (one, other) => one.Size == other.Size),
        ValueSample.Of("event", new Watched { Size = 8 }, (one, other) => one.Size == other.Size),
        ValueSample.Of("not serialized", new Remembers { Width = 2 }, (one, other) => one.Width == other.Width),
        ValueSample.Of<Shape>(
            "polymorphic", new Circle { Radius = 2 }, (one, other) => other is Circle circle && circle.Radius == ((Circle)one).Radius),
        ValueSample.Of(
            "list of polymorphic",
            new List<Shape> { new Circle { Radius = 3 }, new Square { Side = 4 } },
            (_, other) => other is [Circle { Radius: 3 }, Square { Side: 4 }]),
        ValueSample.Of("own converter", new Money(1234), (one, other) => one.Equals(other)),
        ValueSample.Of("infinity", double.PositiveInfinity),
        ValueSample.Of("not a number", new[] { float.NaN, float.NegativeInfinity }, (one, other) => one.SequenceEqual(other)),
        ValueSample.Of("negative zero", -0.0, (_, other) => double.IsNegative(other)),
        ValueSample.Of("smallest double", double.Epsilon),
        ValueSample.Of("decimal places", 1.10m, (one, other) => decimal.GetBits(one).SequenceEqual(decimal.GetBits(other))),
        ValueSample.Of("wide integer", Int128.MinValue),
        ValueSample.Of("utc", new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(7), SameTime),
        ValueSample.Of("local", new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Local), SameTime),
        ValueSample.Of("unspecified", new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Unspecified), SameTime),
        ValueSample.Of("offset", new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(5.5)), (one, other) => one.EqualsExact(other)),
        ValueSample.Of("duration", TimeSpan.MinValue),
        ValueSample.Of("day of week", DayOfWeek.Friday),
        ValueSample.Of("undefined enum", (DayOfWeek)42),
        ValueSample.Of("character", 'ß'),
        ValueSample.Of("uri", new Uri("/path?a=b", UriKind.Relative)),
        ValueSample.Of("version", new Version(1, 2, 3)),
        ValueSample.Of("point", new Point(1, 2)),
        ValueSample.Of("rectangle", new RectangleF(1, 2, 3, 4)),
        ValueSample.Of("pair", KeyValuePair.Create(1, "one")),
        ValueSample.Of("queue", new Queue<int>([1, 2, 3]), (one, other) => one.SequenceEqual(other)),
        ValueSample.Of("linked list", new LinkedList<int>([1, 2, 3]), (one, other) => one.SequenceEqual(other)),
        ValueSample.Of("sorted set", new SortedSet<string> { "b", "a" }, (one, other) => one.SequenceEqual(other)),
        ValueSample.Of("immutable", ImmutableList.Create(3, 1, 2), (one, other) => one.SequenceEqual(other)),
        ValueSample.Of("immutable dictionary", ImmutableSortedDictionary<int, string>.Empty.Add(1, "one"), Each),
        ValueSample.Of("observable", new ObservableCollection<int>([1, 2]), (one, other) => one.SequenceEqual(other)),
        ValueSample.Of<IReadOnlyList<int>>("read only list", new[] { 1, 2 }, (one, other) => one.SequenceEqual(other)),
        ValueSample.Of("enumerable", Enumerable.Range(1, 3).Where(number => number != 2), (one, other) => one.SequenceEqual(other)),
        ValueSample.Of<IReadOnlyDictionary<DayOfWeek, int>>("enum keys", new Dictionary<DayOfWeek, int> { [DayOfWeek.Monday] = 1 }, Each),
        ValueSample.Of("date keys", new Dictionary<DateTime, int> { [new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Utc)] = 1 }, Each),
        ValueSample.Of("ordinal dictionary", new Dictionary<string, int>(StringComparer.Ordinal) { ["a"] = 1 }, Each),
        ValueSample.Of("type with a comparer", new Caseless { ["A"] = 1 }, (_, other) => other["a"] == 1),
        ValueSample.Of("own list", new OwnList([1, 2]), (one, other) => one.SequenceEqual(other)),
        ValueSample.Of("own collection", new OwnCollection { 1, 2 }, (one, other) => one.SequenceEqual(other)),
        ValueSample.Of("jagged", new int[][] { [1], [2, 3] }, (one, other) => one[1].SequenceEqual(other[1])),
        ValueSample.Of("element", JsonSerializer.SerializeToElement(new { A = 1 }), JsonElement.DeepEquals),
        ValueSample.Of("node", JsonNode.Parse("""{"a":[1,null]}""")!, JsonNode.DeepEquals),
        ValueSample.Of(
            "elements",
            new Dictionary<string, object?> { ["a"] = JsonSerializer.SerializeToElement(1), ["b"] = null },
            (_, other) => other["a"] is JsonElement { ValueKind: JsonValueKind.Number }),
        ValueSample.Of("anonymous", new { A = 1, B = "b" }),
        ValueSample.Of(
            "names in two cases", new CaseOnly { Size = 1, SIZE = 2 }, (one, other) => (one.Size, one.SIZE) == (other.Size, other.SIZE)),
        ValueSample.Of(
            "extension data",
            new WithMore { Name = "x", More = { ["name"] = JsonSerializer.SerializeToElement(1) } },
            (_, other) => other is { Name: "x" } && other.More["name"].GetInt32() == 1),
        ValueSample.Of("uri keys", new Dictionary<Uri, int> { [new Uri("http://x/%41 ü")] = 1 }, Each),
        ValueSample.Of(
            "local date keys", new Dictionary<DateTime, int> { [new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Local)] = 1 }, Each),
        ValueSample.Of<IReadOnlyDictionary<string, int>>(
            "wrapped dictionary", new ReadOnlyDictionary<string, int>(new Dictionary<string, int> { ["a"] = 1 }), Each),
        ValueSample.Of<ISet<string>>("immutable set", ImmutableHashSet.Create("a"), (one, other) => one.SetEquals(other)),
        ValueSample.Of(
            "dictionaries in a set", new HashSet<Dictionary<string, int>> { new() { ["a"] = 1 } }, (_, other) => other.Single()["a"] == 1),
        ValueSample.Of("query of lists", new[] { 1, 2 }.Select(number => new List<int> { number }), (_, other) => other.Last()[0] == 2),
        ValueSample.Of("memory of lists", new Memory<List<int>>([new() { 1 }]), (_, other) => other.Span[0][0] == 1),
        ValueSample.Of("memory", new Holder<byte[]> { Value = [1, 2] }, (one, other) => one.Value!.SequenceEqual(other.Value!)),
    ];

    /// <summary>Values that would come back changed, or not at all.</summary>
    public static IEnumerable<ValueSample> Lossy =>
    [
        ValueSample.Of("private setter", PrivateSetter.Of(1)),
        ValueSample.Of("get only", new GetOnly(1)),
        ValueSample.Of("get only collection", new GetOnlyCollection { Lines = { 1 } }),
        ValueSample.Of("private state", new PrivateState()),
        ValueSample.Of("internal property", new InternalProperty { Size = 1 }),
        ValueSample.Of("read only field", new ReadOnlyField(1)),
        ValueSample.Of("ignored", new Ignored { Secret = "x" }),
        ValueSample.Of("ignored default", new IgnoredDefault { Size = 0 }),
        ValueSample.Of("populated with another comparer", new PopulatedCaseless { Sizes = new() { ["a"] = 1 } }),
        ValueSample.Of("inline array inside", new Holder<Four>()),
        ValueSample.Of("record with more", new RecordWithMore(1)),
        ValueSample.Of("hidden by new", new Hides()),
        ValueSample.Of("explicit interface", new ExplicitProperty()),
        ValueSample.Of("nested", new List<Holder<PrivateSetter>> { new() { Value = PrivateSetter.Of(1) } }),
        ValueSample.Of<IShop>("interface", new Shop()),
        ValueSample.Of<Base>("abstract", new Concrete()),
        ValueSample.Of("two constructors", new TwoConstructors("x")),
        ValueSample.Of("unbound parameter", new Unbound(1, "x")),
        ValueSample.Of("interface inside", new Holder<IShop> { Value = new Shop() }),
        ValueSample.Of("derived in a base member", new Holder<Person> { Value = new Employee("Ann", 7, "x") }),
        ValueSample.Of<Person>("derived as its base", new Employee("Ann", 7, "x")),
        ValueSample.Of("derived in a list", new List<Person> { new Employee("Ann", 7, "x") }),
        ValueSample.Of<Unmarked>("no discriminator", new UnmarkedChild()),
        ValueSample.Of("object member", new Holder<object> { Value = 5 }),
        ValueSample.Of("object elements", new Dictionary<string, object> { ["a"] = "text" }),
        ValueSample.Of("stack", new Stack<int>([1, 2])),
        ValueSample.Of("stack inside", new Holder<ConcurrentStack<int>> { Value = new ConcurrentStack<int>([1]) }),
        ValueSample.Of("immutable stack", ImmutableStack.Create(1, 2)),
        ValueSample.Of("bits", new BitArray(3, true)),
        ValueSample.Of("rectangular", new int[1, 2]),
        ValueSample.Of("big integer", BigInteger.One),
        ValueSample.Of("complex", Complex.One),
        ValueSample.Of("index", (Index)5),
        ValueSample.Of("range", 1..2),
        ValueSample.Of("color", Color.Red),
        ValueSample.Of("address", IPAddress.Loopback),
        ValueSample.Of("end point", new IPEndPoint(IPAddress.Loopback, 1)),
        ValueSample.Of("type", typeof(string)),
        ValueSample.Of("delegate", new Holder<Action> { Value = () => { } }),
        ValueSample.Of("exception", new InvalidOperationException("x")),
        ValueSample.Of("names and values", new NameValueCollection { ["a"] = "b" }),
        ValueSample.Of("read only collection", new ReadOnlyCollection<int>([1])),
        ValueSample.Of("list with more", new ListWithMore { Owner = "x" }),
        ValueSample.Of("list with more behind an interface", new Holder<IList<int>> { Value = new ListWithMore { Owner = "x" } }),
        ValueSample.Of<IReadOnlyList<int>>("list with more as an interface", new ListWithMore { Owner = "x" }),
        ValueSample.Of("caseless dictionary", new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["a"] = 1 }),
        ValueSample.Of("caseless set inside", new Holder<HashSet<string>> { Value = new(StringComparer.OrdinalIgnoreCase) { "a" } }),
        ValueSample.Of("caseless dictionaries in a list", new List<Dictionary<string, int>> { new(StringComparer.OrdinalIgnoreCase) }),
        ValueSample.Of("sorted the other way", new SortedSet<int>(Comparer<int>.Create((one, other) => other.CompareTo(one))) { 1, 2 }),
        ValueSample.Of("half a character", new Holder<string> { Value = "x\ud83d" }),
        ValueSample.Of("half a character as key", new Dictionary<string, int> { ["\udc00"] = 1 }),
        ValueSample.Of("half a character alone", new Holder<char> { Value = '\ud83d' }),
        ValueSample.Of("half a character in a uri", new Holder<Uri> { Value = new Uri("/\ud83d", UriKind.Relative) }),
        ValueSample.Of(
            "half a character as a name", new WithMore { More = { ["\ud83d"] = JsonSerializer.SerializeToElement(1) } }),
        ValueSample.Of(
            "extension data with the name of a member", new WithMore { More = { ["Name"] = JsonSerializer.SerializeToElement("y") } }),
        ValueSample.Of("ignored name in another case", new CaseOnlyIgnored { SIZE = 1 }),
        ValueSample.Of("populated from the beginning", new PopulatedFromTheBeginning { Lines = { 2 } }),
        ValueSample.Of<IReadOnlyDictionary<string, int>>(
            "caseless immutable dictionary", ImmutableDictionary.Create<string, int>(StringComparer.OrdinalIgnoreCase).Add("a", 1)),
        ValueSample.Of(
            "caseless wrapped dictionary",
            new Holder<IReadOnlyDictionary<string, int>>
            {
                Value = new ReadOnlyDictionary<string, int>(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["a"] = 1 }),
            }),
        ValueSample.Of(
            "caseless immutable set", new Holder<ISet<string>> { Value = ImmutableHashSet.Create(StringComparer.OrdinalIgnoreCase, "a") }),
        ValueSample.Of("caseless dictionaries in a set", new HashSet<Dictionary<string, int>> { new(StringComparer.OrdinalIgnoreCase) }),
        ValueSample.Of(
            "caseless dictionaries of a query",
            new[] { 1 }.Select(_ => new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["a"] = 1 })),
        ValueSample.Of(
            "caseless dictionaries in memory", new Memory<Dictionary<string, int>>([new(StringComparer.OrdinalIgnoreCase) { ["a"] = 1 }])),
        ValueSample.Of("cycle", Node.Cycle()),
        ValueSample.Of("converter without reading", new Holder<WriteOnly> { Value = new WriteOnly() }),
        ValueSample.Of("named by a table", new Hashtable { ["a"] = 1 }),
    ];

    private static bool SameTime(DateTime one, DateTime other) => (one, one.Kind) == (other, other.Kind);

    private static bool Each<TKey, TValue>(IEnumerable<KeyValuePair<TKey, TValue>> one, IEnumerable<KeyValuePair<TKey, TValue>> other) =>
        one.SequenceEqual(other);
}
