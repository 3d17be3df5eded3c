using System.ComponentModel;

namespace Storefront.Source;

/// <summary>A product. It is marked as immutable, so the near tier returns one shared instance instead of a copy for each reader.</summary>
[ImmutableObject(true)]
internal sealed record Product(int Id, string Name, decimal Price);
