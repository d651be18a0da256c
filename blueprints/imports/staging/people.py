"""People whom a file names by their document number alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from blueprints.imports.staging.statement import arrange, copying, execute
from saas.identity_numbers import normal_forms
from saas.languages import N_

UNKNOWN = N_("Nobody in the books has the document “%(value)s”.")
SEVERAL = N_("“%(value)s” is the document of several people: of %(people)s.")


@dataclass(slots=True)
class Named:
    documents: set[str] = field(default_factory=set)

    def add(self, documents: Iterable[str | None]) -> None:
        self.documents.update(document for document in documents if document)


def find(named: Named, country: str) -> None:
    """Make staged_people: `document` as the file writes it, `customer_id`, and `people`, how many have it.

    The file does not tell the kind of a document, so every normal form that the country's kinds give is
    tried, the bare one first.
    """
    arrange("CREATE TEMP TABLE staged_named (document text, choice int, number text) ON COMMIT DROP")
    with copying("staged_named", ["document", "choice", "number"]) as copy:
        for document in named.documents:
            forms = normal_forms(country, document)
            for choice, number in enumerate(forms):
                copy.write_row((document, choice, number))
    execute(
        """
        CREATE TEMP TABLE staged_people ON COMMIT DROP AS
        SELECT DISTINCT ON (n.document) n.document, c.id AS customer_id,
               count(*) OVER (PARTITION BY n.document, n.choice) AS people
          FROM staged_named n
          JOIN customers c ON c.tenant_id = :tenant AND c.document_number = n.number
         ORDER BY n.document, n.choice
        """
    )
    arrange("ANALYZE staged_people")


# Completed by the targets with the staged column that names the person.
JUDGEMENT = """
    INSERT INTO staged_wrong (line, field, value, msgid, facts)
    SELECT s.line, CAST(:field AS text), s.document,
           CASE WHEN p.document IS NULL THEN CAST(:unknown AS text) ELSE CAST(:several AS text) END,
           jsonb_strip_nulls(jsonb_build_object('value', s.document, 'people', p.people))
      FROM (SELECT line, {document} AS document FROM staged) s
      LEFT JOIN staged_people p ON p.document = s.document
     WHERE s.document IS NOT NULL AND (p.document IS NULL OR p.people > 1)
"""


def judge(field_name: str, *, listed: bool = False) -> None:
    """Refuse rows that name nobody, or several at once, in the staged column; `listed` for a list."""
    column = f"unnest({field_name})" if listed else field_name
    arrange(JUDGEMENT.replace("{document}", column), field=field_name, unknown=UNKNOWN, several=SEVERAL)
