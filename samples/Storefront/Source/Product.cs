using System.ComponentModel;

namespace Storefront.Source;

/// <summary>What the shop sells. Immutable, and says so: the near tier then hands out one instance instead of a copy for each reader.</summary>
[ImmutableObject(true)]
internal sealed record Product(int Id, string Name, decimal Price);
