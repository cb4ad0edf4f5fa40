from django.urls import path

from apps.formulas import views

app_name = "formulas"
urlpatterns = [
    path("", views.formula_list, name="formula-list"),
    path("new/", views.formula_new, name="formula-new"),
    path("<uuid:uuid>/", views.formula_detail, name="formula-detail"),
    path("<uuid:uuid>/publish/", views.formula_publish, name="formula-publish"),
    path("<uuid:uuid>/versions/<int:number>/restore/", views.version_restore, name="version-restore"),
    path("<uuid:uuid>/archive/", views.formula_archive, name="formula-archive"),
    path("<uuid:uuid>/unarchive/", views.formula_unarchive, name="formula-unarchive"),
]
