// What these types look like is what they are for.
#pragma warning disable IDE1006, CA1051, CA1812, CA1822, CA1852, CS0067, CS0169, CS0414, CA1823, IDE0044, IDE0051, IDE0052, CA2214, CA1033

using System.Collections;
using System.Collections.ObjectModel;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NearCache.Tests.Remote.Values;

public static partial class Samples
{
    internal sealed class Holder<T>
    {
        public T? Value { get; set; }
    }

    internal class WithFields
    {
        public int Number;
        public string? Name;
    }

    internal sealed class DerivedWithProperty : WithFields
    {
        public int Size { get; set; }
    }

    internal record Person(string Name, int Age)
    {
        public string? City { get; init; }
    }

    internal sealed record Employee(string Name, int Age, string Firm) : Person(Name, Age);

    internal readonly record struct Position(int X, int Y);

    internal sealed class HandWritten
    {
        private int _total;
        private string? m_label;

        public int Total { get => _total; set => _total = value; }

        public string? Label { get => m_label; set => m_label = value; }
    }

    internal sealed class Constructed(int size)
    {
        public int Size { get; } = size;
    }

    internal sealed class Captured(int size)
    {
        public int Size => size;
    }

    internal sealed class Included
    {
        [JsonInclude]
        public int Size { get; private set; }

        public static Included Of(int size) => new() { Size = size };
    }

    internal sealed class Populated
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<int> Lines { get; } = [];
    }

    internal sealed class PopulatedFromTheBeginning
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<int> Lines { get; } = [1];
    }

    internal sealed class WithMore
    {
        public string? Name { get; set; }

        [JsonExtensionData]
        public Dictionary<string, JsonElement> More { get; init; } = [];
    }

    // Public names that differ in case only, as System.Text.Json distinguishes them.
    internal sealed class CaseOnly
    {
        public int Size { get; set; }

        public int SIZE { get; set; }
    }

    internal sealed class CaseOnlyIgnored
    {
        public int Size { get; set; }

        [JsonIgnore]
        public int SIZE { get; set; }
    }

    internal sealed class Needs
    {
        public required string Name { get; set; }
    }

    internal sealed class Computed
    {
        public int Width { get; set; }

        public int Twice => 2 * Width;

        public IShop? Shop => null;
    }

    internal class Overridden
    {
        public virtual int Size { get; set; }
    }

    internal sealed class Overrides : Overridden
    {
        public override int Size { get; set; }
    }

    internal sealed class Watched
    {
        public event Action? Changed;

        public int Size { get; set; }
    }

    internal sealed class Remembers
    {
        [NonSerialized]
        private int _area;

        public int Width { get; set; }

        public int Area => _area = Width * Width;
    }

    [JsonDerivedType(typeof(Circle), "circle")]
    [JsonDerivedType(typeof(Square), "square")]
    internal abstract class Shape
    {
        public string? Name { get; set; }
    }

    internal sealed class Circle : Shape
    {
        public int Radius { get; set; }
    }

    internal sealed class Square : Shape
    {
        public int Side { get; set; }
    }

    [JsonConverter(typeof(MoneyConverter))]
    internal readonly struct Money(long cents)
    {
        private readonly long _cents = cents;

        public long ToCents() => _cents;
    }

    internal sealed class MoneyConverter : JsonConverter<Money>
    {
        public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.ToCents());
    }

    internal sealed class Caseless() : Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);

    internal sealed class OwnList : Collection<int>
    {
        public OwnList()
        {
        }

        public OwnList(IList<int> items)
            : base(items)
        {
        }
    }

    internal sealed class OwnCollection : ICollection<int>
    {
        private readonly List<int> _items = [];

        public int Count => _items.Count;

        public bool IsReadOnly => false;

        public void Add(int item) => _items.Add(item);

        public void Clear() => _items.Clear();

        public bool Contains(int item) => _items.Contains(item);

        public void CopyTo(int[] array, int arrayIndex) => _items.CopyTo(array, arrayIndex);

        public IEnumerator<int> GetEnumerator() => _items.GetEnumerator();

        public bool Remove(int item) => _items.Remove(item);

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    internal sealed class PrivateSetter
    {
        public int Size { get; private set; }

        public static PrivateSetter Of(int size) => new() { Size = size };
    }

    internal sealed class GetOnly
    {
        public GetOnly()
        {
        }

        public GetOnly(int size) => Size = size;

        public int Size { get; }
    }

    internal sealed class GetOnlyCollection
    {
        public List<int> Lines { get; } = [];
    }

    internal sealed class PrivateState
    {
        private readonly int _seed = Environment.TickCount;

        public int Size { get; set; }

        public int Next() => _seed + Size;
    }

    internal sealed class InternalProperty
    {
        internal int Size { get; set; }
    }

    internal sealed class ReadOnlyField
    {
        public readonly int Size;

        public ReadOnlyField()
        {
        }

        public ReadOnlyField(int size) => Size = size;
    }

    internal sealed class Ignored
    {
        [JsonIgnore]
        public string? Secret { get; set; }
    }

    internal sealed class IgnoredDefault
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public int Size { get; set; } = 5;
    }

    internal sealed class Initial
    {
        public int Size { get; set; } = 5;
    }

    internal sealed record ConstructedWithText(int Size)
    {
        public string? Text { get; set; } = "text";
    }

    [InlineArray(4)]
    internal struct Four
    {
        public int Element;
    }

    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    internal sealed class PopulatedCaseless
    {
        public Dictionary<string, int> Sizes { get; init; } = new(StringComparer.OrdinalIgnoreCase);

        public HashSet<string> Names { get; } = new(StringComparer.OrdinalIgnoreCase);
    }

    internal sealed class InitialText
    {
        public string? Text { get; set; } = "text";
    }

    internal sealed record RecordWithMore(int Size)
    {
        private List<int> _seen = [];
    }

    internal class Hidden
    {
        public int Size { get; set; } = 3;
    }

    internal sealed class Hides : Hidden
    {
        public new string? Size { get; set; }
    }

    internal interface IShop
    {
        string? Name { get; set; }
    }

    internal sealed class Shop : IShop
    {
        public string? Name { get; set; }
    }

    internal sealed class ExplicitProperty : IShop
    {
        string? IShop.Name { get; set; }
    }

    internal abstract class Base
    {
        public string? Name { get; set; }
    }

    internal sealed class Concrete : Base;

    internal sealed class TwoConstructors
    {
        public TwoConstructors(string name) => Name = name;

        public TwoConstructors(int number) => Number = number;

        public string? Name { get; set; }

        public int Number { get; set; }
    }

    internal sealed class Unbound(int size, string other)
    {
        public int Size { get; } = size + other.Length;
    }

    [JsonDerivedType(typeof(UnmarkedChild))]
    internal class Unmarked
    {
        public int Size { get; set; }
    }

    internal sealed class UnmarkedChild : Unmarked
    {
        public int More { get; set; }
    }

    internal sealed class ListWithMore : List<int>
    {
        public string? Owner { get; set; }
    }

    internal sealed class Node
    {
        public Node? Next { get; set; }

        public static Node Cycle()
        {
            var node = new Node();
            node.Next = node;
            return node;
        }
    }

    [JsonConverter(typeof(WriteOnlyConverter))]
    internal sealed class WriteOnly
    {
        public int Size { get; set; }
    }

    internal sealed class WriteOnlyConverter : JsonConverter<WriteOnly>
    {
        public override WriteOnly Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotImplementedException("It is not supported to read one.");

        public override void Write(Utf8JsonWriter writer, WriteOnly value, JsonSerializerOptions options) => writer.WriteStringValue("x");
    }
}
