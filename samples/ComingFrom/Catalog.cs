using System.ComponentModel;

namespace ComingFrom;

/// <summary>A product. All callers share one instance, since it cannot be changed.</summary>
[ImmutableObject(true)]
internal sealed record Product(int Id, string Name);

/// <summary>The database behind the caches.</summary>
internal interface ICatalog
{
    ValueTask<Product> FindAsync(int id, CancellationToken cancellationToken);

    ValueTask SaveAsync(Product product, CancellationToken cancellationToken);
}
